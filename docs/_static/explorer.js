/* The pictures of the page "Explore". Data: explorer_data.js, made by the exact layer while building. */
(() => {
  "use strict";
  const data = window.SPAN_DATA, balls = window.SPAN_BALLS;
  const $ = (id) => document.getElementById(id);
  const root = $("explorer");
  if (!root || !data || !balls) return;

  const SVG = "http://www.w3.org/2000/svg";
  const state = { mode: "span", features: "upto", power: "symmetric", scale: "linear", L: 2, d: 2,
                  K: 4, top: 1, degrees: [0, 2], m: 1, inside: 0, outside: 0, focus: 0 };
  /* The sliders of each mode: name, words, least, largest. */
  const SLIDERS = {
    span: [["L", "L", 0, 5], ["d", "d", 1, 5]],
    mace: [["L", "max_ell", 0, 3], ["d", "correlation", 1, 4], ["top", "max_L kept", 0, 3],
           ["K", "neighbours K", 1, 4]],
    nequip: [["L", "l_max", 0, 5], ["d", "readout degree", 1, 4]],
    set: [["d", "d", 1, 4]],
  };

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

  const many = (n, word) => `${short(n)} ${word}${n === 1 ? "" : "s"}`;
  const times = () => (state.power === "symmetric" ? "symmetric products" : "products in any order");
  const angle = (n) => (n === 0
    ? "no angle between two directions is seen"
    : `the angle between two directions is resolved to Legendre degree ${n}, ` +
      `about ${Math.round(180 / n)}° from one zero to the next`);

  const STARTS = { mace: { L: 3, d: 3 } };  // MACE's own defaults

  /* What each mode shows: the bars by degree, the line, the sentences, and the budget {L, d}. */
  const MODES = {
    span() {
      const item = data.cases[`${state.features}/${state.L}/${state.d}`];
      const what = state.features === "upto" ? `degree at most ${state.L}` : `degree exactly ${state.L}`;
      return fromCase(item, state.d * state.L, `dL = ${state.d * state.L}`, (gaps) =>
        `Products of ${many(state.d, "feature")} of ${what} reach degree ${state.d * state.L}${gaps}: ` +
        `${short(item.dimension)} independent functions of one direction, ` +
        `from ${short(item.power[state.power])} ${times()}.`,
      state.features === "upto" ? { L: state.L, d: state.d } : null);
    },
    set() {
      const item = data.sets[`${state.degrees.join(",")}/${state.d}`];
      const top = item.symmetric.length - 1;
      return fromCase(item, top, `largest: ${top}`, () =>
        `Products of ${many(state.d, "feature")} of the degrees ${state.degrees.join(", ")} reach the degrees ` +
        `${item.span.join(", ")} (T1″): ${short(item.dimension)} independent functions of one direction, ` +
        `from ${short(item.power[state.power])} ${times()}.`, null);
    },
    nequip() {
      const item = data.cases[`upto/${state.L}/${state.d}`];
      const top = state.d * state.L;
      const shown = fromCase(item, top, `dL = ${top}`, () =>
        `The features of every layer but the last have degree at most ${state.L}. A readout of degree ${state.d} of ` +
        `their components has total degree at most ${top} (T4). The first layer alone is polynomial in ` +
        `single directions: it reaches degree ${state.L} in the direction of one edge (T1).`,
      { L: state.L, d: 1 });
      shown.budgetOf = "the first layer";
      return shown;
    },
    mace() {
      const { L, d, K, top } = state;
      const item = data.densities[`${L}/${d}`];
      const left = item.surviving[K - 1], kept = Math.min(top, d * L);
      const sum = (list) => list.slice(0, kept + 1).reduce((a, b) => a + b, 0);
      return {
        top: d * L,
        bars: item.coupled.map((count, ell) => ({
          count: left[ell], all: count, inside: true, faint: ell > top,
          label: `output degree ${ell}: ${left[ell]} of ${count} coupled products independent ` +
                 `on ${many(K, "neighbour")}, ${ell > top ? "not kept" : "kept"}`,
        })),
        edge: kept + 1, edgeText: `kept: ≤ ${top}`, axis: "degree ℓ of the output",
        says: `First layer: products of ${d} ${d > 1 ? "densities" : "density"} of degree at most ${L}. ` +
          `In the direction of one edge all products reach degree ${d * L} (T1), and the kept outputs, of degree ` +
          `at most ${top}, show degree ${item.kept[top]} of it (T7). Of the ${sum(item.coupled)} coupled products ` +
          `kept, ${sum(left)} are independent on ${many(K, "neighbour")} at one distance (T8).`,
        heads: ["ℓ", "kept", "coupled", `on ${many(K, "neighbour")}`],
        rows: item.coupled.map((count, ell) => [ell, ell > top ? "no" : "yes", count, left[ell]]),
        budget: { L, d },
      };
    },
  };

  function fromCase(item, top, edgeText, words, budget) {
    const counts = item[state.power];
    const gaps = item.span.length < top + 1 && state.d > 1 ? ", only every second degree" : "";
    return {
      top, edge: top + 1, edgeText, budget, axis: "degree ℓ", says: words(gaps),
      bars: counts.map((count, ell) => {
        const inside = item.span.includes(ell);
        const where = inside ? "in the span" : "not in the span";
        return { count, inside, label: `degree ${ell}: ${where}, multiplicity ${count}` };
      }),
      heads: ["ℓ", "span", "in Sym^d", "in U^⊗d"],
      rows: item.symmetric.map((n, ell) => [ell, item.span.includes(ell) ? "in" : "out", n, item.tensor[ell]]),
    };
  }

  const current = () => MODES[state.mode]();
  const barAt = (shown, ell) => shown.bars[ell] ||
    { count: 0, inside: false, label: `degree ${ell}: not in the span, multiplicity 0` };

  /* The last degree in the span, and the first one above it that is out. */
  function reset() {
    const shown = current();
    state.inside = shown.bars.map((bar) => bar.inside).lastIndexOf(true);
    state.outside = shown.top + 1;
    state.focus = state.inside;
  }

  function scaled(n, most) {
    return state.scale === "linear" ? n / most : Math.log(1 + n) / Math.log(1 + most);
  }

  function chart(shown) {
    const svg = $("ex-chart");
    svg.replaceChildren();
    const columns = shown.top + 3;
    const narrow = root.clientWidth < 520;
    const width = narrow ? 380 : 720, height = 276, left = 54, bottom = 242, ceiling = 48;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const step = (width - left - 8) / columns;
    const most = Math.max(...shown.bars.map((bar) => bar.all ?? bar.count), 1);
    const y = (n) => bottom - (bottom - ceiling) * scaled(n, most);
    make(svg, "line", { x1: left, x2: width, y1: bottom, y2: bottom, class: "axis" });
    const half = state.scale === "linear" ? Math.round(most / 2) : Math.round(Math.sqrt(1 + most) - 1);
    let last = Infinity;
    for (const tick of [...new Set([0, half, most])]) {
      if (last - y(tick) < 14) continue;
      last = y(tick);
      make(svg, "text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick));
      make(svg, "line", { x1: left - 3, x2: width, y1: y(tick), y2: y(tick), class: "tick" });
    }
    make(svg, "text", { class: "ex-scale", x: 2, y: 12 },
      `number of products, ${state.scale === "linear" ? "linear" : "logarithmic: log(1 + n)"}`);
    for (let ell = 0; ell < columns; ell++) {
      column(svg, shown, { ell, x: left + ell * step, step, y, bottom, ceiling });
    }
    const edge = left + shown.edge * step, late = edge > width - 100;
    make(svg, "line", { class: "edge", x1: edge, x2: edge, y1: ceiling - 28, y2: bottom + 4 });
    make(svg, "text", { class: "edge-text", x: edge + (late ? -6 : 6), y: ceiling - 18,
                        "text-anchor": late ? "end" : "start" }, shown.edgeText);
    make(svg, "text", { x: width / 2, y: height - 4, "text-anchor": "middle" }, shown.axis);
  }

  function column(svg, shown, { ell, x, step, y, bottom, ceiling }) {
    const bar = barAt(shown, ell);
    const chosen = ell === state.inside || ell === state.outside ? "chosen" : "";
    const group = make(svg, "g", { tabindex: ell === state.focus ? 0 : -1, role: "button",
                                   "aria-label": bar.label, class: chosen, "data-degree": ell });
    make(group, "title", {}, bar.label);
    make(group, "rect", { class: "hit", x, y: ceiling - 10, width: step, height: bottom - ceiling + 28 });
    const box = (tall, kind) => make(group, "rect", { class: kind, x: x + step * 0.14, width: step * 0.72,
                                                      y: bottom - tall, height: tall });
    if (bar.all !== undefined) box(Math.max(3, bottom - y(bar.all)), "bar all");
    const tall = bar.inside ? (bar.count ? Math.max(3, bottom - y(bar.count)) : 0) : 6;
    box(tall, bar.inside ? `bar${bar.faint ? " faint" : ""}` : "bar not");
    if (ell % Math.ceil(20 / step) === 0 || chosen) {
      make(group, "text", { class: "degree", x: x + step / 2, y: bottom + 17, "text-anchor": "middle" }, ell);
    }
    if (bar.inside && step > 26) {
      make(group, "text", { x: x + step / 2, y: y(bar.all ?? bar.count) - 5, "text-anchor": "middle" },
        bar.all === undefined || bar.all === bar.count ? short(bar.count) : `${bar.count}/${bar.all}`);
    }
    const choose = () => { state[bar.inside ? "inside" : "outside"] = ell; state.focus = ell; draw(); };
    group.addEventListener("click", choose);
    group.addEventListener("keydown", (event) => {
      const end = shown.top + 2;
      const to = { ArrowRight: ell + 1, ArrowLeft: ell - 1, Home: 0, End: end }[event.key];
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose();
        focusBar();
      } else if (to !== undefined) {
        event.preventDefault();
        state.focus = Math.max(0, Math.min(end, to));
        focusBar();
      }
    });
  }

  /* One bar takes part in the order of tabs: the last that had the focus. */
  function focusBar() {
    for (const group of $("ex-chart").querySelectorAll("g[data-degree]")) {
      const here = Number(group.dataset.degree) === state.focus;
      group.setAttribute("tabindex", here ? 0 : -1);
      if (here) group.focus();
    }
  }

  /* Two directions: the pairs of degrees that d factors reach, and the diagonal of the angle. */
  function budget(shown) {
    const box = $("ex-two"), svg = $("ex-budget"), given = shown.budget;
    box.hidden = !given;
    if (!given) return;
    const item = data.budgets[`${given.L}/${given.d}`];
    const size = item.largest.length, side = 260, left = 34;
    const cells = Math.max(size + 1, 3), step = (side - left) / cells;
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 14 ${side + 4} ${side + 20}`);
    for (let a = 0; a < cells; a++) {
      for (let b = 0; b < cells; b++) {
        const reached = a < size && b <= item.largest[a];
        const kind = `cell${reached ? " in" : ""}${a === b ? " same" : ""}`;
        const place = { x: left + a * step + 1, y: side - (b + 1) * step + 1,
                        width: step - 2, height: step - 2 };
        const rect = make(svg, "rect", { class: kind, "data-pair": `${a},${b}`, ...place });
        make(rect, "title", {}, `(${a}, ${b}): ${reached ? "reached" : "not reached"}`);
      }
      if (a % Math.ceil(18 / step) === 0) {
        make(svg, "text", { x: left + (a + 0.5) * step, y: side + 14, "text-anchor": "middle" }, a);
        make(svg, "text", { x: left - 6, y: side - (a + 0.5) * step + 4, "text-anchor": "end" }, a);
      }
    }
    make(svg, "text", { x: left - 6, y: 28, "text-anchor": "end" }, "ℓ₂");
    make(svg, "text", { x: (left + side) / 2, y: side + 30, "text-anchor": "middle" }, "ℓ₁");
    const who = shown.budgetOf ? `Two directions, ${shown.budgetOf}` : "Two directions";
    const text = `${who}: ${many(given.d, "factor")} of degree at most ${given.L} ` +
      `${given.d === 1 ? "reaches" : "reach"} the filled pairs (ℓ₁, ℓ₂), and ${angle(item.angle)} (T7).`;
    svg.setAttribute("aria-label", text);
    $("ex-two-text").textContent = text;
  }

  function table(shown) {
    const row = (cells, tag) => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
    $("ex-table").innerHTML = `<table><thead>${row(shown.heads, "th")}</thead><tbody>` +
      `${shown.rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
  }

  function ball(which, shown) {
    const canvas = $(`ex-${which === "inside" ? "in" : "out"}`), ell = state[which];
    const m = [0, Math.ceil(ell / 2), ell][state.m], inside = barAt(shown, ell).inside;
    canvas.dataset.degree = ell;
    canvas.setAttribute("aria-label", `harmonic of degree ${ell}, order ${m}; arrow keys turn it`);
    $(`${canvas.id}-text`).innerHTML = `<strong>ℓ = ${ell}</strong>, m = ${m}: ${inside ? "in" : "out"}` +
      (ell > shown.top ? ", above the boundary" : inside ? "" : ", not reached");
    balls.paint(canvas, data.profiles[ell] && data.profiles[ell][m], m);
  }

  function drawBalls() {
    const shown = current();
    ball("inside", shown);
    ball("outside", shown);
  }

  function draw() {
    const shown = current();
    chart(shown);
    budget(shown);
    table(shown);
    $("ex-says").textContent = shown.says;
    drawBalls();
  }

  /* Which controls a mode has, and what its sliders are called and allow. */
  function controls() {
    const sliders = Object.fromEntries(SLIDERS[state.mode].map((slider) => [slider[0], slider]));
    for (const name of ["L", "d", "top", "K"]) {
      const range = $(`ex-${name}`), slider = sliders[name];
      range.closest("label").hidden = !slider;
      if (!slider) continue;
      [, , range.min, range.max] = slider;
      $(`ex-${name}-name`).textContent = slider[1];
      state[name] = Math.max(slider[2], Math.min(slider[3], state[name]));
      range.value = state[name];
      $(`ex-${name}-out`).value = state[name];
    }
    $("ex-features").hidden = state.mode !== "span";
    $("ex-power").hidden = state.mode === "mace";
    $("ex-degrees").hidden = state.mode !== "set";
  }

  function change() {
    controls();
    reset();
    draw();
  }

  function checked() {
    const boxes = [...root.querySelectorAll("input[name=degree]")];
    if (!boxes.some((box) => box.checked)) boxes[0].checked = true;
    state.degrees = boxes.filter((box) => box.checked).map((box) => Number(box.value));
  }

  for (const radio of root.querySelectorAll("input[type=radio]")) {
    if (radio.checked) state[radio.name] = radio.value;
    radio.addEventListener("change", () => {
      state[radio.name] = radio.value;
      if (radio.name === "mode") Object.assign(state, STARTS[radio.value]);
      change();
    });
  }
  for (const box of root.querySelectorAll("input[name=degree]")) {
    box.addEventListener("change", () => { checked(); change(); });
  }
  for (const name of ["L", "d", "top", "K"]) {
    const range = $(`ex-${name}`);
    state[name] = Number(range.value);
    range.addEventListener("input", () => { state[name] = Number(range.value); change(); });
  }
  state.m = Number($("ex-m").value);
  $("ex-m").addEventListener("change", (event) => { state.m = Number(event.target.value); drawBalls(); });
  balls.turnable([$("ex-in"), $("ex-out")], drawBalls);
  window.addEventListener("resize", () => chart(current()));
  checked();
  change();
  root.dataset.ready = "yes";
})();
