"use strict";
// Keeps the screen on where the browser can; it lets go whenever the page is hidden.
(() => {
  const hold = async () => {
    try {
      if (!document.hidden) await navigator.wakeLock?.request("screen");
    } catch {} // A low battery, or a policy: the screen goes dark as usual.
  };
  document.addEventListener("visibilitychange", hold);
  hold();
})();
