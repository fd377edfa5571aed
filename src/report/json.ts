import type { ReportFormat } from './format.js';

/** Results as they are: one as in its result.json, several as an array of them. */
export const JSON_RESULTS: ReportFormat = {
  name: 'json',
  describe: 'the result as it is in result.json; several as an array',
  extension: 'json',
  render: (results) => {
    const [first, ...others] = results.map(({ result }) => result);
    return `${JSON.stringify(others.length === 0 ? first : [first, ...others])}\n`;
  },
};
