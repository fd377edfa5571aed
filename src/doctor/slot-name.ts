/** As Patroni names the slot of a member. */
export function slotOf(member: string): string {
  return member.toLowerCase().replaceAll(/[-. ]/g, '_');
}
