// Runs Lighthouse several times in one Chromium of its own. Reads its task from LAB, writes one JSON object to
// standard output and a full report of one run to the file that the task names.
//
// Every run measures the five metrics that have weight, and nothing else is gathered with them. One run's report
// tells what slows the page besides, without the audits that watch scripts and styles while they run, or load the
// page again: all runs that count are made alike. Runs that lie apart are followed by more, until the middle half
// of them agrees or the task's most are made; a run that broke is made once more.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const task = JSON.parse(process.env.LAB);
const from = (path) => import(pathToFileURL(`${task.modules}/${path}`).href);
const { default: lighthouse } = await from('lighthouse/core/index.js');
const { default: usual } = await from('lighthouse/core/config/default-config.js');
const { pageFunctions } = await from('lighthouse/core/lib/page-functions.js');
const { launch } = await from('chrome-launcher/dist/index.js');

const INTRUSIVE = ['bf-cache', 'unused-javascript', 'unused-css-rules'];
const NEEDED = ['DevtoolsLog', 'Trace', 'SourceMaps', 'Scripts'];
const { performance: category } = usual.categories;
const weighty = category.auditRefs.filter((ref) => ref.weight);
const spare = { // what the score is made of: setting up all the rest takes longer than the page
  artifacts: usual.artifacts.filter((artifact) => NEEDED.includes(artifact.id)),
  audits: weighty.map((ref) => `metrics/${ref.id}`),
  categories: { performance: { ...category, auditRefs: weighty } },
  groups: usual.groups,
};
const thorough = { extends: 'lighthouse:default', settings: { onlyCategories: ['performance'], skipAudits: INTRUSIVE } };

const chrome = await launch({ chromePath: task.chromium, chromeFlags: task.flags, logLevel: 'silent' });

const runs = [];
let reported = false;

async function measure() {
  const reports = !reported && runs.length >= task.runs - 1;
  const { lhr } = await lighthouse(task.url, {
    port: chrome.port, output: 'json', logLevel: 'silent', disableFullPageScreenshot: true,
    blockedUrlPatterns: task.blocked, emulatedUserAgent: task.agent, ...task.profile,
  }, reports ? thorough : spare);
  const value = (name) => lhr.audits[name]?.numericValue ?? null;
  if (reports || lhr.runtimeError) writeFileSync(task.report, JSON.stringify(lhr));
  reported ||= reports && !lhr.runtimeError;
  // How fast the machine is takes a second of a core to find out: once is enough.
  pageFunctions.computeBenchmarkIndex = new Function(`return ${Number(lhr.environment.benchmarkIndex)};`);
  return {
    score: lhr.categories.performance.score, error: lhr.runtimeError?.code ?? '',
    fcp: value('first-contentful-paint'), lcp: value('largest-contentful-paint'),
    tbt: value('total-blocking-time'), cls: value('cumulative-layout-shift'), version: lhr.lighthouseVersion,
  };
}

function agree() { // as probe.py: the middle half of the runs
  const scores = runs.map((run) => run.score * 100).sort((one, other) => one - other);
  const cut = Math.floor(scores.length / 4);
  return scores[scores.length - 1 - cut] - scores[cut] <= task.firm;
}

let broken = 0;
const began = performance.now();
try {
  while (runs.length < task.runs || (runs.length < task.most && !agree() && performance.now() - began < task.patience_ms)) {
    const run = await measure();
    if (!run.error) runs.push(run);
    else if ((broken += 1) > 1) { runs.push(run); break; }
  }
} finally {
  await chrome.kill();
}
process.stdout.write(JSON.stringify(runs));
