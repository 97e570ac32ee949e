// Runs Lighthouse several times in one Chromium of its own. Reads its task from LAB, writes one JSON object to
// standard output and the last full report to the file that the task names.
//
// Every run measures the five metrics that have weight, and nothing else is gathered with them. Only the last
// run's report tells what slows the page (`diagnoses`), without the audits that watch scripts and styles while
// they run, or load the page again: all runs that count are made alike.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const task = JSON.parse(process.env.LAB);
const from = (path) => import(pathToFileURL(`${task.modules}/${path}`).href);
const { default: lighthouse } = await from('lighthouse/core/index.js');
const { default: { categories } } = await from('lighthouse/core/config/default-config.js');
const { pageFunctions } = await from('lighthouse/core/lib/page-functions.js');
const { launch } = await from('chrome-launcher/dist/index.js');

const INTRUSIVE = ['bf-cache', 'unused-javascript', 'unused-css-rules'];
const weightless = categories.performance.auditRefs.filter((ref) => !ref.weight).map((ref) => ref.id);

const chrome = await launch({ chromePath: task.chromium, chromeFlags: task.flags, logLevel: 'silent' });
const parent = process.ppid;
setInterval(() => { // whoever asked is dead, and nobody is left to end this
  if (process.ppid !== parent) { chrome.kill(); process.exit(1); }
}, 1000).unref();
const runs = [];
try {
  for (let run = 0; run < task.runs; run += 1) {
    const { lhr } = await lighthouse(task.url, {
      port: chrome.port, output: 'json', logLevel: 'silent', onlyCategories: ['performance'],
      skipAudits: run === task.runs - 1 ? INTRUSIVE : weightless,
      disableFullPageScreenshot: true, blockedUrlPatterns: task.blocked, emulatedUserAgent: task.agent,
      ...task.profile,
    });
    const value = (name) => lhr.audits[name]?.numericValue ?? null;
    const speed = lhr.environment.benchmarkIndex;
    runs.push({
      score: lhr.categories.performance.score, error: lhr.runtimeError?.code ?? '',
      fcp: value('first-contentful-paint'), lcp: value('largest-contentful-paint'),
      tbt: value('total-blocking-time'), cls: value('cumulative-layout-shift'), version: lhr.lighthouseVersion,
    });
    if (lhr.runtimeError || run === task.runs - 1) writeFileSync(task.report, JSON.stringify(lhr));
    if (lhr.runtimeError) break;
    // How fast the machine is takes a second of a core to find out: once is enough.
    pageFunctions.computeBenchmarkIndex = new Function(`return ${Number(speed)};`);
  }
} finally {
  await chrome.kill();
}
process.stdout.write(JSON.stringify(runs));
