// Matomo's own client for Node.js (npm: matomo-tracker).
const MatomoTracker = require('matomo-tracker');
const { tracker, site, key, agent, person, pages, wrongKey, unknownSite, closedSite } = JSON.parse(process.env.CLIENT);

const answers = {};
function track(action, parameters, to = site) {
  return new Promise((resolve) => {
    const matomo = new MatomoTracker(to, tracker);
    matomo.on('error', (status) => { answers[action] = status; resolve(); });
    const request = matomo.agent.get;
    // Its `track` does not say when it is done: the answer's end does.
    matomo.agent = { get: (url, answered) => request(url, (res) => { answered(res); res.resume(); res.on('end', resolve); }) };
    matomo.track({ ua: agent, _id: '0123456789abcdef', action_name: person, uid: person, dimension1: person, ...parameters });
  });
}
function bulk(action, events) {
  return new Promise((resolve) => {
    const matomo = new MatomoTracker(site, tracker);
    matomo.trackBulk(events, (body) => { answers[action] = JSON.parse(body); resolve(); });
  });
}
(async () => {
  const timings = { pf_net: 10, pf_srv: 120, pf_tfr: 5, pf_dm1: 300, pf_dm2: 100, pf_onl: 4 };
  await track('view', { url: `${pages}/xem`, urlref: `https://www.google.com/search?q=${person}`, ...timings });
  await track('event', { url: `${pages}/su-kien`, e_c: person, e_a: 'bam', e_n: person, e_v: 1, ca: 1 });
  await track('search', { url: `${pages}/tim-kiem`, search: person, search_cat: 'tthc', search_count: 3 });
  await track('download', { url: `${pages}/tai`, download: `${pages}/tep/mau-don.docx` });
  await track('outlink', { url: `${pages}/di`, link: 'https://vneid.gov.vn/dang-nhap' });
  await track('ping', { url: `${pages}/nhip`, ping: 1 });
  await track('goal', { url: `${pages}/muc-tieu`, idgoal: 1, revenue: 0 });
  await track('order', { url: `${pages}/don-hang`, idgoal: 0, ec_id: person, revenue: 5, ec_items: '[["a"]]' });
  await track('content', { url: `${pages}/noi-dung`, c_n: person, c_p: 'a.png' });
  await track('past', { url: `${pages}/qua-khu`, cdt: '2026-01-20 08:00:00', token_auth: key });
  await track('behind', { url: `${pages}/sau`, cip: '203.0.113.7', token_auth: key, _id: undefined });
  await track('behind', { url: `${pages}/sau`, cip: '203.0.113.8', token_auth: key, _id: undefined });
  await track('forged', { url: `${pages}/gia-mao`, cdt: '2026-01-20 08:00:00' });
  await track('wrong_key', { url: `${pages}/khoa-sai`, token_auth: wrongKey });
  await track('closed', { url: `${pages}/nguoi-khac`, token_auth: key }, closedSite);
  await track('unknown', { url: `${pages}/la` }, unknownSite);
  await bulk('bulk', [{ url: `${pages}/lo/1`, ua: agent }, { url: 'khong-phai-dia-chi', ua: agent }, { url: `${pages}/lo/2`, ua: agent }]);
  console.log(JSON.stringify(answers));
})();
