// Runs Lighthouse several times in one Chromium. Reads its task from LAB, writes one JSON object to standard
// output and the last full report to the file that the task names.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const task = JSON.parse(process.env.LAB);
const from = (path) => import(pathToFileURL(`${task.modules}/${path}`).href);
const { default: lighthouse } = await from('lighthouse/core/index.js');
const { launch } = await from('chrome-launcher/dist/index.js');

const chrome = await launch({ chromePath: task.chromium, chromeFlags: task.flags, logLevel: 'silent' });
const runs = [];
try {
  for (let run = 0; run < task.runs; run += 1) {
    const { lhr } = await lighthouse(task.url, {
      port: chrome.port, output: 'json', logLevel: 'silent', onlyCategories: ['performance'],
      disableFullPageScreenshot: true, blockedUrlPatterns: task.blocked, emulatedUserAgent: task.agent,
      ...task.profile,
    });
    const value = (name) => lhr.audits[name]?.numericValue ?? null;
    runs.push({
      score: lhr.categories.performance.score, error: lhr.runtimeError?.code ?? '',
      fcp: value('first-contentful-paint'), lcp: value('largest-contentful-paint'),
      tbt: value('total-blocking-time'), cls: value('cumulative-layout-shift'), version: lhr.lighthouseVersion,
    });
    writeFileSync(task.report, JSON.stringify(lhr));
    if (lhr.runtimeError) break;
  }
} finally {
  await chrome.kill();
}
process.stdout.write(JSON.stringify(runs));
