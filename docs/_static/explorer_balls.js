/* Harmonics drawn on balls that turn by pointer and by arrow keys. Used by explorer.js. */
(() => {
  "use strict";
  const turn = { yaw: 0.5, pitch: 0.45 };
  const PLUS = [0, 114, 178], MINUS = [213, 94, 0];

  /* A harmonic of order m with the given values at equidistant heights z, on a canvas. */
  function paint(canvas, profile, m) {
    const context = canvas.getContext("2d");
    const size = canvas.width, radius = size / 2 - 6;
    context.clearRect(0, 0, size, size);
    if (!profile) return;
    const image = context.createImageData(size, size);
    const last = profile.length - 1;
    const cy = Math.cos(turn.yaw), sy = Math.sin(turn.yaw);
    const cp = Math.cos(turn.pitch), sp = Math.sin(turn.pitch);
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) {
        const a = (i - size / 2 + 0.5) / radius, b = (size / 2 - j - 0.5) / radius;
        const r2 = a * a + b * b;
        const at = 4 * (j * size + i);
        if (r2 > 1.02) continue;
        const c = Math.sqrt(Math.max(0, 1 - r2));
        const z = b * cp + c * sp, depth = c * cp - b * sp;
        const x = a * cy + depth * sy, y = depth * cy - a * sy;
        const place = ((z + 1) / 2) * last;
        const low = Math.max(0, Math.min(last - 1, Math.floor(place)));
        const height = profile[low] + (profile[low + 1] - profile[low]) * (place - low);
        const value = (height / 1000) * Math.cos(m * Math.atan2(x, y));
        const strength = Math.pow(Math.abs(value), 0.55);
        const colour = value > 0 ? PLUS : MINUS;
        const shade = 0.55 + 0.45 * c;
        for (let k = 0; k < 3; k++) {
          image.data[at + k] = shade * (244 + (colour[k] - 244) * strength);
        }
        image.data[at + 3] = 255 * Math.max(0, Math.min(1, (1 - Math.sqrt(r2)) * radius + 0.5));
      }
    }
    context.putImageData(image, 0, 0);
  }

  function tilt(by) {
    turn.pitch = Math.max(-1.5, Math.min(1.5, turn.pitch + by));
  }

  /* Dragging, or the arrow keys on a ball, turns all of them; `redraw` paints them again. */
  function turnable(canvases, redraw) {
    const again = () => requestAnimationFrame(redraw);
    const keys = {
      ArrowLeft: () => { turn.yaw += 0.15; }, ArrowRight: () => { turn.yaw -= 0.15; },
      ArrowUp: () => tilt(-0.15), ArrowDown: () => tilt(0.15),
    };
    for (const canvas of canvases) {
      let from = null;
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "img");
      canvas.addEventListener("keydown", (event) => {
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
        again();
      });
      canvas.addEventListener("pointerdown", (event) => {
        from = [event.clientX, event.clientY];
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!from) return;
        turn.yaw -= (event.clientX - from[0]) / 80;
        tilt((event.clientY - from[1]) / 80);
        from = [event.clientX, event.clientY];
        again();
      });
      for (const end of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(end, () => { from = null; });
      }
    }
  }

  window.SPAN_BALLS = { paint, turnable };
})();
