// Moments and lengths of time, in the words of `crates/pure/view/src/moment.rs`.

const two = (number: number): string => String(number).padStart(2, "0");

export function clock(at: number): string {
  const date = new Date(at * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function day(at: number): string {
  const date = new Date(at * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function exact(at: number): string {
  return `${day(at)} ${clock(at)} (${new Date(at * 1000).toISOString().slice(11, 19)}Z)`;
}

export function ago(at: number, now: number = Date.now() / 1000): string {
  const passed = Math.round(now - at);
  if (passed < 0) return `${day(at)} ${clock(at)}`;
  if (passed < 2) return "just now";
  if (passed < 120) return `${passed} s ago`;
  if (passed < 7200) return `${Math.floor(passed / 60)} min ago`;
  if (passed < 172_800) return `${Math.floor(passed / 3600)} h ago`;
  return `${day(at)} ${clock(at)}`;
}

export function length(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000 && ms % 1000 >= 100) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min${Math.floor(ms / 1000) % 60 ? ` ${Math.floor(ms / 1000) % 60} s` : ""}`;
  return `${Math.floor(ms / 3_600_000)} h${Math.floor(ms / 60_000) % 60 ? ` ${Math.floor(ms / 60_000) % 60} min` : ""}`;
}

export function score(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (value >= 1_000_000) return "∞";
  if (value <= -1_000_000) return "−∞";
  return value < 0 ? `−${-value}` : `${value}`;
}
