export { NullServer, type NullServerOptions, startNullServer } from '../null-server/server.js';
