// Chromium by its debugging protocol over a pipe: no library, no port, no network.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Browser {
  static async start() {
    const browser = new Browser();
    browser.profile = mkdtempSync(join(tmpdir(), "gevinst-browser-"));
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const options = [
      "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
      `--user-data-dir=${browser.profile}`, ...root, "about:blank",
    ];
    browser.process = spawn(process.env.CHROMIUM ?? "chromium", options, {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    browser.next = 1;
    browser.waiting = new Map();
    browser.listeners = new Set();
    let rest = "";
    browser.process.stdio[4].on("data", (bytes) => {
      const messages = (rest + bytes.toString()).split("\0");
      rest = messages.pop();
      messages.forEach((text) => browser.receive(JSON.parse(text)));
    });
    browser.process.on("error", (error) => {
      throw new Error(`no browser: ${error.message}`);
    });
    return browser;
  }

  receive(message) {
    const answer = this.waiting.get(message.id);
    if (answer) {
      this.waiting.delete(message.id);
      message.error ? answer.reject(new Error(message.error.message)) : answer.resolve(message.result);
    } else {
      this.listeners.forEach((listen) => listen(message));
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.next++;
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} took over two minutes`)), 120_000);
      const done = (settle) => (value) => {
        clearTimeout(late);
        settle(value);
      };
      this.waiting.set(id, { resolve: done(resolve), reject: done(reject) });
    });
  }

  // A page at `url`, opened and loaded; everything that it said and asked for on the way is kept.
  async open(url, { width, dark }) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = { errors: [], requests: [] };
    page.send = (method, params) => this.send(method, params, sessionId);
    const loaded = new Promise((resolve) => {
      const listen = ({ method, params, sessionId: from }) => {
        if (from !== sessionId) return;
        if (method === "Page.loadEventFired") resolve();
        if (method === "Network.requestWillBeSent") page.requests.push(params.request.url);
        if (method === "Log.entryAdded" && params.entry.level === "error") page.errors.push(params.entry.text);
        if (method === "Runtime.exceptionThrown") page.errors.push(params.exceptionDetails.text);
        if (method === "Runtime.consoleAPICalled" && params.type === "error") page.errors.push("console.error");
      };
      this.listeners.add(listen);
      page.close = async () => {
        this.listeners.delete(listen);
        await this.send("Target.closeTarget", { targetId });
      };
    });
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await page.send(`${domain}.enable`);
    await page.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await page.send("Emulation.setEmulatedMedia", { features });
    const begun = performance.now();
    await page.send("Page.navigate", { url });
    await loaded;
    page.milliseconds = performance.now() - begun;
    page.evaluate = async (expression) => {
      const { result, exceptionDetails } = await page.send("Runtime.evaluate", {
        expression, awaitPromise: true, returnByValue: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    return page;
  }

  async stop() {
    await this.send("Browser.close").catch(() => {});
    await new Promise((resolve) => (this.process.exitCode === null ? this.process.on("exit", resolve) : resolve()));
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
