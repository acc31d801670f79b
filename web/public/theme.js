// Before the first paint, and a file of its own because the page's policy forbids inline scripts.
try {
  const theme = localStorage.getItem('xswarm.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme is used.
}
