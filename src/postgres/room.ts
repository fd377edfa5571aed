/** Connections that a server lets in, and those that it has. */
export interface Room {
  readonly max: number;
  /** Of `max`, for superusers and roles that may use them. */
  readonly reserved: number;
  /** By clients, without those that only look before a load and are gone when it begins. */
  readonly used: number;
}

export function connectionsLeft({ max, reserved, used }: Room): number {
  return max - reserved - used;
}

/** A {@link Room}, as JSON. */
export const ROOM = `json_build_object(
  'max', current_setting('max_connections')::int,
  'reserved', current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true), '0')::int,
  -- An ordinary role is not told the type of other roles' backends.
  'used', (SELECT count(*)::int FROM pg_stat_activity
            WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
              AND pid <> pg_backend_pid()
              AND application_name NOT IN ('pgha-bench/doctor', 'pgha-bench/look')))`;
