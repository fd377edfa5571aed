/**
 * One certificate for all that a node serves and for what it asks of others, so it is for servers and for clients.
 * Files in PEM, absolute paths on the node.
 */
export interface NodeTls {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}
