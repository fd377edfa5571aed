/** The version of this package. */
export { toolVersion } from '../run/tool.js';
