// npm: piwik. Sends everything as bulk requests, and takes only JSON that says "success".
const { tracker, site, key, agent, person, pages, unknownSite } = JSON.parse(process.env.CLIENT);
const answers = {};
function track(action, hits, token) {
  const piwik = require('piwik').setup(tracker.replace(/piwik\.php$/, ''), token || '');
  return new Promise((resolve) => piwik.track(hits, (error, data) => { answers[action] = error ? String(error) : data; resolve(); }));
}
(async () => {
  const common = { idsite: site, ua: agent, uid: person, action_name: person, _cvar: { 1: ['ten', person] } };
  await track('view', { ...common, url: `${pages}/xem`, urlref: `https://www.google.com/search?q=${person}`, pf_net: 10, pf_srv: 120, pf_tfr: 5, pf_dm1: 300, pf_dm2: 100, pf_onl: 4 });
  await track('search', { ...common, url: `${pages}/tim-kiem`, search: person });
  await track('event', { ...common, url: `${pages}/su-kien`, e_c: person, e_a: 'bam' });
  await track('past', { ...common, url: `${pages}/qua-khu`, cdt: '2026-01-20 08:00:00' }, key);
  await track('behind', ['203.0.113.7', '203.0.113.8'].map((cip) => ({ ...common, url: `${pages}/sau`, cip })), key);
  await track('unknown', [{ ...common, idsite: unknownSite, url: `${pages}/la` }]);
  await track('bulk', [{ ...common, url: `${pages}/lo/1` }, { ...common, url: 'khong-phai-dia-chi' }, { ...common, url: `${pages}/lo/2` }]);
  console.log(JSON.stringify(answers));
})();
