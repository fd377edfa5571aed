/** The example of the docs: three machines of 2 GB. */
export const SHOP = `name: shop
profile: safe
postgres: 18
patroni: 4.1
memory: 2GB
hosts:
  pg1: 10.0.0.11
  pg2: 10.0.0.12
  pg3: 10.0.0.13
haproxy: [pg1, pg2, pg3]
network: 10.0.0.0/24
`;
