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
      const late = setTimeout(() => reject(new Error(`${method} took over three minutes`)), 180_000);
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
    page.show = async ({ width, dark }) => {
      await page.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
      const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
      await page.send("Emulation.setEmulatedMedia", { media: "", features });
      page.width = width;
    };
    // A4 less its margins, at 96 pixels an inch.
    page.paper = async () => {
      await page.send("Emulation.setDeviceMetricsOverride", { width: 688, height: 1009, deviceScaleFactor: 1, mobile: false });
      await page.send("Emulation.setEmulatedMedia", { media: "print", features: [] });
    };
    page.pdf = async () => {
      const { data } = await page.send("Page.printToPDF", { preferCSSPageSize: true, printBackground: true });
      return Buffer.from(data, "base64");
    };
    page.shot = async (heightMost) => {
      const { cssContentSize } = await page.send("Page.getLayoutMetrics");
      const height = Math.min(Math.ceil(cssContentSize.height), heightMost);
      const clip = { x: 0, y: 0, width: page.width, height, scale: 1 };
      const { data } = await page.send("Page.captureScreenshot", { captureBeyondViewport: true, clip });
      return Buffer.from(data, "base64");
    };
    // A key as a person presses it: its name, and the text that it types where it types one.
    page.press = async (key, { text, code = 0, shift = false } = {}) => {
      const press = { key, text, windowsVirtualKeyCode: code, modifiers: shift ? 8 : 0 };
      await page.send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", ...press });
      await page.send("Input.dispatchKeyEvent", { type: "keyUp", ...press });
    };
    page.type = async (text) => {
      for (const key of text) await page.press(key, { text: key });
    };
    await page.show({ width, dark });
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
