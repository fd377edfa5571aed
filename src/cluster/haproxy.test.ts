import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { getHaproxyStats, getHaproxyVersion, parseStats } from './haproxy.js';

/** `show stat` of HAProxy 2.6.12 in a lab, seven seconds after a switchover from n1 to n2. */
const RECORDED = `# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,ssl_sess,ssl_reused_sess,ssl_failed_handshake,h2_headers_rcvd,h2_data_rcvd,h2_settings_rcvd,h2_rst_stream_rcvd,h2_goaway_rcvd,h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_stream_resp,h2_goaway_resp,h2_open_connections,h2_backend_open_streams,h2_total_connections,h2_backend_total_streams,h1_open_connections,h1_open_streams,h1_total_connections,h1_total_streams,h1_bytes_in,h1_bytes_out,h1_spliced_bytes_in,h1_spliced_bytes_out,
rw,FRONTEND,,,0,1,1125,1,289,671,0,0,0,,,,,OPEN,,,,,,,,,1,3,0,,,,0,0,0,1,,,,,,,,,,,0,0,0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,tcp,,0,1,1,,0,0,0,,,,,,,,,,,0,,,,,,,,,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
rw,n1,0,0,0,1,,1,289,671,,0,,0,0,0,0,DOWN,1,1,0,2,1,7,7,,1,3,1,,1,,2,0,,1,L7STS,503,1,,,,,,,,,,,0,0,,,,,10,Service Unavailable,,0,0,0,40,,,,Layer7 wrong status,,1,2,0,,,,,,tcp,,,,,,,,0,1,0,,,0,,0,0,0,40,0,0,0,0,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,
rw,n2,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP,1,1,0,0,1,7,3,,1,3,2,,0,,2,0,,0,L7OK,200,2,,,,,,,,,,,0,0,,,,,-1,,,0,0,0,0,,,,Layer7 check passed,,1,2,2,,,,,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,
rw,n3,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,1,0,0,1,10,10,,1,3,3,,0,,2,0,,0,L7STS,503,1,,,,,,,,,,,0,0,,,,,-1,Service Unavailable,,0,0,0,0,,,,Layer7 wrong status,,1,2,0,,,,,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,
rw,BACKEND,0,0,0,1,113,1,289,671,0,0,,0,0,0,0,UP,1,1,0,,0,10,0,,1,3,0,,1,,1,0,,1,,,,,,,,,,,,,,0,0,0,0,0,0,10,,,0,0,0,40,,,,,,,,,,,,,,tcp,,,,,,,,0,1,0,,,,,0,0,0,40,0,,,,,1,0,0,0,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,56,56,1693,1624,0,0,
ro,n2,0,0,0,1,,1,299,657,,0,,0,0,0,0,DOWN,1,1,0,2,1,7,7,,1,4,2,,1,,2,0,,1,L7STS,503,1,,,,,,,,,,,0,0,,,,,9,Service Unavailable,,0,0,0,42,,,,Layer7 wrong status,,1,2,0,,,,,,tcp,,,,,,,,0,1,0,,,0,,0,0,0,42,0,0,0,0,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,
`;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) {
    await close();
  }
});

describe('parseStats', () => {
  const lines = parseStats('socket', RECORDED);
  const line = (proxy: string, server: string) =>
    lines.find((each) => each.proxy === proxy && each.server === server);

  it('reads a server that went down', () => {
    expect(line('rw', 'n1')).toMatchObject({
      kind: 'server',
      status: 'DOWN',
      sessions: 0,
      sessionsTotal: 1,
      lastChangeS: 7,
      downtimeS: 7,
      checkStatus: 'L7STS',
      checkCode: 503,
      checkDurationMs: 1,
      failedChecks: 2,
      downs: 1,
      rise: 1,
      fall: 2,
    });
  });

  it('reads frontends, with null for what only servers have', () => {
    expect(line('rw', 'FRONTEND')).toMatchObject({
      kind: 'frontend',
      status: 'OPEN',
      sessionLimit: 1125,
      checkStatus: null,
      checkCode: null,
      downs: null,
    });
  });

  it('reads backends', () => {
    expect(line('rw', 'BACKEND')).toMatchObject({ kind: 'backend', status: 'UP' });
  });

  it('finds columns by name, whatever their order and number', () => {
    const csv = '# pxname,svname,type,new_column,status\nrw,n1,2,"a, ""quoted"" text",UP 1/3\n';
    expect(parseStats('socket', csv)[0]).toMatchObject({ server: 'n1', kind: 'server', status: 'UP 1/3' });
  });

  it('takes the mark of a check under way off its last result', () => {
    const csv = '# pxname,svname,type,status,check_status\nrw,n1,2,UP,* L7OK\n';
    expect(parseStats('socket', csv)[0]?.checkStatus).toBe('L7OK');
  });

  it('refuses what is no statistics', () => {
    expect(() => parseStats('http://h:7000/;csv', '<html>')).toThrow(
      /http:\/\/h:7000\/;csv: .*no statistics/,
    );
  });
});

describe('over HTTP', () => {
  it.each(['', '/', '/;csv'])('reads the CSV when it is given the page%s', async (suffix) => {
    const url = await serve({ '/;csv': RECORDED });
    const lines = await getHaproxyStats({ kind: 'url', url: `${url}${suffix}` });
    expect(lines.map(({ proxy, server }) => `${proxy}/${server}`)).toContain('rw/n2');
  });

  it('reads the version from the page', async () => {
    const heading =
      '<h1><a href="http://www.haproxy.org/">HAProxy version 2.6.12-1+deb12u4, released 2026/10/17</a></h1>';
    const url = await serve({ '/': heading });
    expect(await getHaproxyVersion({ kind: 'url', url: `${url}/;csv` })).toBe('2.6.12-1+deb12u4');
  });

  it('has no version when the page hides it', async () => {
    const url = await serve({ '/': '<h1>HAProxy</h1>' });
    expect(await getHaproxyVersion({ kind: 'url', url: `${url}/` })).toBeNull();
  });

  it('says which page wants a password', async () => {
    const url = await serve({});
    await expect(getHaproxyStats({ kind: 'url', url: `${url}/` })).rejects.toThrow(/\/;csv: answered 404/);
  });
});

describe('over the socket', () => {
  it('reads a version', async () => {
    const path = await serveSocket('Name: HAProxy\nVersion: 2.6.12-1+deb12u4\nNbthread: 2\n\n');
    expect(await getHaproxyVersion({ kind: 'socket', path })).toBe('2.6.12-1+deb12u4');
  });

  it('gives up on a socket that accepts and never answers', async () => {
    const path = await serveSocket(null);
    const reading = getHaproxyStats({ kind: 'socket', path }, { timeoutMs: 50 });
    await expect(reading).rejects.toMatchObject({ name: 'EndpointError', reason: 'timeout' });
  });

  it('tells of a socket that is not there', async () => {
    const reading = getHaproxyStats({ kind: 'socket', path: '/nowhere/haproxy.sock' });
    await expect(reading).rejects.toMatchObject({ reason: 'transport', endpoint: '/nowhere/haproxy.sock' });
  });
});

async function serve(pages: Readonly<Record<string, string>>): Promise<string> {
  const server: Server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 404 : 200).end(page ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}

/** Answers any command and closes, as HAProxy does; null never answers. */
async function serveSocket(answer: string | null): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pgha-'));
  const path = join(directory, 's');
  const server = createSocketServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answer !== null && socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closing.push(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });
  return path;
}
