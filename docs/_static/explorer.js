/* The picture of ℓ against multiplicity, and two balls. Data: explorer_data.js, made while building. */
(() => {
  "use strict";
  const data = window.SPAN_DATA;
  const $ = (id) => document.getElementById(id);
  const root = $("explorer");
  if (!root || !data) return;

  const state = { features: "upto", power: "symmetric", L: 2, d: 2, m: 1, inside: 4, outside: 5 };
  const turn = { yaw: 0.5, pitch: 0.45 };
  const SVG = "http://www.w3.org/2000/svg";

  const current = () => data.cases[`${state.features}/${state.L}/${state.d}`];

  function make(parent, name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function short(n) {
    return n < 1e6 ? n.toLocaleString("en") : n.toExponential(1).replace("e+", "·10^");
  }

  /* The last degree in the span, and the first one above it that is out. */
  function reset() {
    state.inside = Math.max(...current().span);
    state.outside = state.d * state.L + 1;
  }

  function chart() {
    const svg = $("ex-chart");
    svg.replaceChildren();
    const item = current();
    const counts = item[state.power];
    const top = state.d * state.L;
    const columns = top + 3;
    const narrow = root.clientWidth < 520;
    const width = narrow ? 380 : 720, height = 260, left = 46, bottom = 226, ceiling = 26;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const step = (width - left - 8) / columns;
    const most = Math.max(...counts, 1);
    const y = (n) => bottom - ((bottom - ceiling) * Math.log(1 + n)) / Math.log(1 + most);
    make(svg, "line", { x1: left, x2: width, y1: bottom, y2: bottom, stroke: "currentColor", opacity: 0.4 });
    const ticks = [...new Set([1, most, Math.round(Math.exp(Math.log(1 + most) / 2) - 1)])];
    let last = Infinity;
    for (const tick of ticks.filter((t) => t > 0).sort((a, b) => a - b)) {
      if (last - y(tick) < 14) continue;
      last = y(tick);
      make(svg, "text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick));
      make(svg, "line", { x1: left - 3, x2: width, y1: y(tick), y2: y(tick), stroke: "currentColor", opacity: 0.12 });
    }
    const every = Math.ceil(20 / step);
    for (let ell = 0; ell < columns; ell++) {
      const count = ell <= top ? counts[ell] : 0;
      const inside = item.span.includes(ell);
      const x = left + ell * step;
      const label = `degree ${ell}: ${inside ? "in the span" : "not in the span"}, multiplicity ${count}`;
      const chosen = ell === state.inside || ell === state.outside ? "chosen" : "";
      const group = make(svg, "g", { tabindex: 0, role: "button", "aria-label": label, class: chosen, "data-degree": ell });
      make(group, "title", {}, label);
      make(group, "rect", { class: "hit", x, y: ceiling - 10, width: step, height: bottom - ceiling + 28 });
      const tall = inside ? Math.max(3, bottom - y(count)) : 6;
      make(group, "rect", {
        class: inside ? "bar" : "bar not",
        x: x + step * 0.14, width: step * 0.72, y: bottom - tall, height: tall,
      });
      if (ell % every === 0 || chosen) {
        make(group, "text", { class: "degree", x: x + step / 2, y: bottom + 17, "text-anchor": "middle" }, ell);
      }
      if (inside && step > 26) {
        make(group, "text", { x: x + step / 2, y: y(count) - 5, "text-anchor": "middle" }, short(count));
      }
      const choose = () => { state[inside ? "inside" : "outside"] = ell; draw(); };
      group.addEventListener("click", choose);
      group.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); }
        const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (move) {
          event.preventDefault();
          const next = svg.querySelector(`g[data-degree="${ell + move}"]`);
          if (next) next.focus();
        }
      });
    }
    const edge = left + (top + 1) * step;
    make(svg, "line", { class: "edge", x1: edge, x2: edge, y1: ceiling - 8, y2: bottom + 4 });
    make(svg, "text", {
      class: "edge-text", x: edge + (edge > width - 100 ? -6 : 6), y: ceiling - 10,
      "text-anchor": edge > width - 100 ? "end" : "start",
    }, `dL = ${top}`);
    make(svg, "text", { x: width / 2, y: height - 4, "text-anchor": "middle" }, "degree ℓ");
  }

  function says() {
    const item = current();
    const top = state.d * state.L;
    const what = state.features === "upto" ? `degree at most ${state.L}` : `degree exactly ${state.L}`;
    const gaps = item.span.length < top + 1 && state.d > 1 ? `, only every second degree` : "";
    $("ex-says").textContent =
      `Products of ${state.d} feature${state.d > 1 ? "s" : ""} of ${what} reach degree ${top}${gaps}: ` +
      `${short(item.dimension)} independent functions of one direction, ` +
      `from ${short(item.power)} symmetric products.`;
  }

  function table() {
    const item = current();
    const rows = item.symmetric.map((n, ell) =>
      `<tr><td>${ell}</td><td>${item.span.includes(ell) ? "in" : "out"}</td><td>${n}</td><td>${item.tensor[ell]}</td></tr>`);
    $("ex-table").innerHTML =
      "<table><thead><tr><th>ℓ</th><th>span</th><th>in Sym^d</th><th>in U^⊗d</th></tr></thead><tbody>" +
      rows.join("") + "</tbody></table>";
  }

  function order(ell) {
    return [0, Math.ceil(ell / 2), ell][state.m];
  }

  function ball(canvas, caption, ell, inside) {
    const m = order(ell);
    const profile = data.profiles[ell] && data.profiles[ell][m];
    canvas.dataset.degree = ell;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `harmonic of degree ${ell}, order ${m}`);
    $(caption).innerHTML = `<strong>ℓ = ${ell}</strong>, m = ${m}: ${inside ? "in" : "out"}` +
      (ell > state.d * state.L ? ", above the boundary" : inside ? "" : ", wrong parity");
    const context = canvas.getContext("2d");
    const size = canvas.width, radius = size / 2 - 6;
    context.clearRect(0, 0, size, size);
    if (!profile) return;
    const image = context.createImageData(size, size);
    const last = profile.length - 1;
    const cy = Math.cos(turn.yaw), sy = Math.sin(turn.yaw);
    const cp = Math.cos(turn.pitch), sp = Math.sin(turn.pitch);
    const plus = [0, 114, 178], minus = [213, 94, 0];
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
        const colour = value > 0 ? plus : minus;
        const shade = 0.55 + 0.45 * c;
        for (let k = 0; k < 3; k++) {
          image.data[at + k] = shade * (244 + (colour[k] - 244) * strength);
        }
        image.data[at + 3] = 255 * Math.max(0, Math.min(1, (1 - Math.sqrt(r2)) * radius + 0.5));
      }
    }
    context.putImageData(image, 0, 0);
  }

  function balls() {
    const span = current().span;
    ball($("ex-in"), "ex-in-text", state.inside, span.includes(state.inside));
    ball($("ex-out"), "ex-out-text", state.outside, span.includes(state.outside));
  }

  function draw() {
    $("ex-L-out").value = state.L;
    $("ex-d-out").value = state.d;
    chart(); says(); table(); balls();
  }

  for (const name of ["features", "power"]) {
    for (const radio of root.querySelectorAll(`input[name=${name}]`)) {
      radio.addEventListener("change", () => { state[name] = radio.value; reset(); draw(); });
    }
  }
  for (const name of ["L", "d"]) {
    const range = $(`ex-${name}`);
    range.addEventListener("input", () => { state[name] = Number(range.value); reset(); draw(); });
  }
  $("ex-m").addEventListener("change", (event) => { state.m = Number(event.target.value); balls(); });
  for (const canvas of [$("ex-in"), $("ex-out")]) {
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      from = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      turn.yaw -= (event.clientX - from[0]) / 80;
      turn.pitch = Math.max(-1.5, Math.min(1.5, turn.pitch + (event.clientY - from[1]) / 80));
      from = [event.clientX, event.clientY];
      requestAnimationFrame(balls);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { from = null; });
  }
  window.addEventListener("resize", chart);
  for (const radio of root.querySelectorAll("input[type=radio]:checked")) state[radio.name] = radio.value;
  for (const name of ["L", "d"]) state[name] = Number($(`ex-${name}`).value);
  state.m = Number($("ex-m").value);
  reset();
  draw();
  root.dataset.ready = "yes";
})();
