// Draws the report's figures with plotly.js, and serves its controls. Everything it shows is in
// the page: the data block is JSON, and nothing is fetched.
(() => {
  "use strict";

  const report = JSON.parse(document.getElementById("report-data").textContent);
  const root = document.documentElement;
  const hidden = new Set(report.hidden);
  const figures = new Map();
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
  const MOST_MARKS = 4000;
  let printing = false;
  let work = Promise.resolve();

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- theme ---------------------------------------------------------------------------------

  const isDark = () => {
    if (printing) return false;
    const chosen = root.dataset.theme;
    return chosen ? chosen === "dark" : darkSystem.matches;
  };

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const colours = () => (isDark() ? report.palette.dark : report.palette.light);
  const colourOf = (c) => colours()[report.contenders[c].colour];
  const faded = (hex, alpha) => {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    return `rgba(${r},${g},${b},${alpha})`;
  };

  const paint = () => {
    const rules = report.contenders.map(
      (_, c) => `[data-c="${c}"]{--own:${colourOf(c)}}`
    );
    rules.push(...[...hidden].map((c) => `.goes[data-c="${c}"]{display:none}`));
    rules.push(...[...hidden].map((c) => `.comes[data-c="${c}"]{display:inline}`));
    document.getElementById("report-colours").textContent = rules.join("\n");
    all(".fades").forEach((part) => {
      part.classList.toggle("is-off", hidden.has(Number(part.dataset.c)));
    });
    hint();
  };

  // ---- from the data to plotly's traces ------------------------------------------------------

  // Tables that go on to the right fade out there.
  const hint = () => all(".scroll").forEach((part) => {
    const rest = part.scrollWidth - part.clientWidth - part.scrollLeft;
    part.classList.toggle("has-more", rest > 2);
  });

  const line = (t, width) => ({
    color: colourOf(t.c), width, dash: report.contenders[t.c].dash, shape: t.shape || "linear",
  });

  const hover = (t) => t.hover || "%{x:.4g}, %{y:.4g}";
  // Names reach plotly as data, never as a part of its templates.
  const named = (t) => ({
    name: t.name, meta: [t.name], hovertemplate: `<b>%{meta[0]}</b><br>${hover(t)}<extra></extra>`,
  });

  // plotly reads a few tags and formulas in texts; names are shown as they are.
  const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;" };
  const brief = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const plain = (text) => (typeof text === "string"
    ? text.replace(/[&<>$]/g, (sign) => SIGNS[sign]) : text);
  const escaped = (t) => ({
    ...t, name: plain(t.name), y: t.y && t.y.map(plain),
  });

  // Where values come to lie on an axis of so many pixels.
  const place = (axis, values, pixels) => {
    const scale = axis.type === "log" ? Math.log10 : Number;
    let low = Infinity, high = -Infinity;
    for (const value of values) {
      const at = scale(value);
      if (at < low) low = at;
      if (at > high) high = at;
    }
    const factor = high > low ? pixels / (high - low) : 0;
    return (value) => Math.floor((scale(value) - low) * factor);
  };

  // Names beside marks, each where it covers nothing, the best score's first; those without room
  // are told on hover.
  const SIDES = [["middle right", 1, 0], ["middle left", -1, 0], ["top center", 0, -17],
    ["bottom center", 0, 17], ["top right", 1, -14], ["bottom right", 1, 14],
    ["top left", -1, -14], ["bottom left", -1, 14]];
  const captions = (given, axes, size) => {
    const t = { ...given, text: given.text.map((text) => brief(text, 22)) };
    // The drawing's inner frame, without the axes' texts and without plotly's own padding.
    const [w, h] = [size.width - 88, size.height - 60];
    const [px, py] = [place(axes.x, t.x, 0.88 * w), place(axes.y, t.y, 0.88 * h)];
    const marks = t.x.map((x, i) => ({ x: 70 + 0.06 * w + px(x), y: -py(t.y[i]), w: 7, h: 7 }));
    const taken = [...marks];
    const free = (box) => taken.every(
      (o) => Math.abs(o.x - box.x) > o.w + box.w || Math.abs(o.y - box.y) > o.h + box.h
    );
    const found = t.text.map(() => ["", "top center"]);
    const order = t.y.map((_, i) => i).sort((a, b) => t.y[b] - t.y[a]);
    for (const i of order) {
      const text = t.text[i];
      const w = 3.6 * text.length + 2;
      for (const [side, dx, dy] of SIDES) {
        const box = { x: marks[i].x + dx * (w + 11), y: marks[i].y + dy, w, h: 7 };
        const inside = box.x - w > 62 && box.x + w < size.width - 6;
        if (inside && free(box)) {
          taken.push(box);
          found[i] = [text, side];
          break;
        }
      }
    }
    return { text: found.map(([text]) => plain(text)), textposition: found.map(([, side]) => side) };
  };

  // One mark where several would lie on one another: what is drawn looks the same.
  const thinned = (t, axes, size) => {
    const n = t.x.length;
    let keep = [];
    for (let cell = 2; ; cell *= 1.5) {
      const seen = new Set();
      const px = place(axes.x, t.x, size.width / cell);
      const py = place(axes.y, t.y, size.height / cell);
      keep = [];
      for (let i = 0; i < n; i++) {
        const key = px(t.x[i]) * 65536 + py(t.y[i]);
        if (!seen.has(key)) { seen.add(key); keep.push(i); }
      }
      if (keep.length <= size.marks) break;
    }
    const pick = (values) => (Array.isArray(values) ? keep.map((i) => values[i]) : values);
    return { ...t, x: pick(t.x), y: pick(t.y), customdata: pick(t.customdata) };
  };

  // Values of entries whose contender is switched off leave the arrays they stand in.
  const without = (t) => {
    if (!t.by) return t;
    const keep = t.by.map((c, i) => (hidden.has(c) ? -1 : i)).filter((i) => i >= 0);
    const pick = (values) => (Array.isArray(values) ? keep.map((i) => values[i]) : values);
    return {
      ...t, by: pick(t.by), x: pick(t.x), y: pick(t.y), text: pick(t.text),
      customdata: pick(t.customdata), error_x: t.error_x && {
        ...t.error_x, array: pick(t.error_x.array), arrayminus: pick(t.error_x.arrayminus),
      },
    };
  };

  const lifted = (values, axis, floor) =>
    axis.type === "log" && values
      ? values.map((v) => (v === null ? null : Math.max(v, floor || 1e-12)))
      : values;

  const roles = {
    line: (t) => [{
      type: "scatter", mode: t.x.length === 1 ? "markers" : "lines", x: t.x, y: t.y,
      customdata: t.customdata, line: line(t, 2.4),
      marker: { color: colourOf(t.c), size: 8, symbol: report.contenders[t.c].symbol },
      ...named(t),
    }],
    band: (t) => [
      { type: "scatter", mode: "lines", x: t.x, y: t.low, line: { width: 0, shape: t.shape || "linear" },
        hoverinfo: "skip" },
      { type: "scatter", mode: "lines", x: t.x, y: t.high, line: { width: 0, shape: t.shape || "linear" },
        fill: "tonexty", fillcolor: faded(colourOf(t.c), isDark() ? 0.2 : 0.14),
        hoverinfo: "skip" },
    ],
    thin: (t) => [{
      type: "scatter", mode: "lines", x: t.x, y: t.y, line: line(t, 1), opacity: 0.4,
      hoverinfo: "skip", connectgaps: false,
    }],
    points: (t) => [{
      type: "scatter", mode: "markers", x: t.x, y: t.y, customdata: t.customdata,
      marker: { color: colourOf(t.c), size: t.size || 4, opacity: t.size ? 1 : 0.55,
        symbol: report.contenders[t.c].symbol },
      ...named(t),
    }],
    spots: (t, axes, size) => [{
      type: "scatter", mode: t.text ? "markers+text" : "markers", x: t.x, y: t.y,
      ...(t.text ? captions(t, axes, size) : {}), cliponaxis: false,
      textfont: { color: css("--ink-2"), size: 12 }, customdata: t.customdata, error_x: t.error_x
        && { ...t.error_x, color: css("--ink-3"), thickness: 1.4, width: 0 },
      marker: { color: t.by.map(colourOf), size: 11,
        symbol: t.by.map((c) => report.contenders[c].symbol) },
      hovertext: t.text && t.text.map(plain), hovertemplate: `${hover(t)}<extra></extra>`,
    }],
    box: (t) => [{
      type: "box", y: t.y, x: t.x, boxpoints: "all", jitter: 0.5, pointpos: 0,
      line: { color: colourOf(t.c), width: 1.6 }, fillcolor: faded(colourOf(t.c), 0.14),
      marker: { color: colourOf(t.c), size: 5, opacity: 0.75 },
      ...named({ ...t, hover: "%{x:.5g}" }), hoveron: "points",
      orientation: "h",
    }],
    rug: (t) => [{
      type: "scatter", mode: "markers", x: t.x, y: t.y, ...named(t),
      marker: { symbol: "line-ns-open", size: 12, color: colourOf(t.c),
        line: { width: 1.6, color: colourOf(t.c) } },
    }],
    bar: (t) => [{
      type: "bar", orientation: "h", x: t.x, y: t.y, name: t.name, customdata: t.customdata,
      marker: { color: css(`--part-${t.part}`), line: { color: css("--card"), width: 1 } },
      hovertemplate: `<b>%{y}</b><br>${t.name}: ${hover(t)}<extra></extra>`,
    }],
    rule: (t) => [{
      type: "scatter", mode: "lines", x: t.x, y: t.y, hoverinfo: "skip",
      line: { color: css("--ink-3"), width: 1.2, dash: "dot" },
    }],
  };

  // ---- one figure ----------------------------------------------------------------------------

  // Room is made for long names, not for ticks at the edge: those would come and go with it.
  const axisOf = (given, type, title, margin) => ({
    ...given, type, automargin: margin,
    title: { text: plain(title), standoff: 10, font: { size: 13 } }, gridcolor: css("--grid"),
    linecolor: css("--line"), zeroline: false, tickcolor: css("--line"), ticks: "outside",
    ticklen: 4, tickfont: { size: 12 }, exponentformat: "power", minexponent: 3,
    fixedrange: coarse, ...(type === "category" ? { dtick: 1 } : { nticks: 8 }),
  });

  // On a logarithmic axis: whole powers of ten, with what lies between only where there are few.
  const logTicks = (axis, view, name) => {
    let low = Infinity, high = 0;
    const look = (values) => {
      for (const v of values || []) {
        if (v === null || v <= 0) continue;
        const lifted = Math.max(v, view.floor);
        if (lifted < low) low = lifted;
        if (lifted > high) high = lifted;
      }
    };
    for (const t of view.traces) {
      if ((t.c !== undefined && hidden.has(t.c)) || view.extras[t.role] === false) continue;
      (name === "x" ? ["x"] : ["y", "low", "high"]).forEach((values) => look(t[values]));
    }
    const decades = Math.log10(high / low);
    if (decades < 0.8) return;
    const labelled = [];
    const steps = decades > 2.2 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5];
    const every = Math.max(1, Math.ceil(decades / 7));
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
      if (e % every === 0) steps.forEach((step) => labelled.push(Number(`${step}e${e}`)));
    }
    axis.tickmode = "array";
    axis.tickvals = labelled;
    axis.ticktext = labelled.map((v) => {
      if (axis.tickformat) return `${Number((100 * v).toPrecision(2))}%`;
      return v >= 1e4 || v < 1e-3 ? v.toExponential(0).replace(/(\d)e\+?(-?)(\d+)/,
        (_, m, sign, e) => `${m === "1" ? "" : `${m}×`}10<sup>${sign === "-" ? "−" : ""}${e}</sup>`)
        : String(v);
    });
    axis.minor = { ticks: "outside", ticklen: 2, tickcolor: css("--line"), dtick: "D1" };
  };

  // Long names leave no room for the figure on a phone.
  const shortTicks = (axis, view, name, width) => {
    const most = Math.floor(width / 18);
    const names = [...new Set(view.traces.flatMap((t) => without(t)[name]))];
    axis.tickmode = "array";
    axis.tickvals = names.map(plain);
    axis.ticktext = names.map((text) => plain(brief(text, most)));
  };

  const heightOf = (view, width) => {
    if (view.height) return view.height;
    if (!view.row) return width < 560 ? 320 : 420;
    const rows = new Set();
    for (const t of view.traces) {
      if (t.c !== undefined && !hidden.has(t.c)) rows.add(t.c);
      (t.by || []).forEach((c) => { if (!hidden.has(c)) rows.add(c); });
    }
    return 70 + view.row * Math.max(rows.size, 1);
  };

  const layoutOf = (view, axes, width) => ({
    ...(view.layout || {}),
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--font"), size: 13, color: css("--ink-2") },
    hoverlabel: { bgcolor: css("--pop"), bordercolor: css("--line"), align: "left",
      font: { family: css("--font"), size: 13, color: css("--ink") } },
    margin: { l: width < 560 ? 44 : 60, r: width < 560 ? 20 : 18, t: 12, b: 46 },
    height: heightOf(view, width), width,
    xaxis: axes.x, yaxis: axes.y, hovermode: "closest", hoverdistance: 24,
    dragmode: coarse ? false : "zoom", showlegend: false,
    uirevision: view.key,
  });

  const config = {
    displaylogo: false, displayModeBar: coarse ? false : "hover", scrollZoom: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };

  // Regrets are what the page holds; values are made of them, so that both are exact enough.
  const valued = (view) => {
    const { sign, reference, title } = view.value;
    const turned = (values) => values && values.map((v) => (v === null ? v : sign * (reference + v)));
    return {
      ...view, y: { ...view.y, title },
      traces: view.traces.map((t) => ({
        ...t, y: turned(t.y), low: turned(t.low), high: turned(t.high),
      })),
    };
  };

  const viewOf = (figure) => {
    const made = figure.controls.find((control) => control.name === "y");
    const key = figure.controls.filter((control) => control !== made)
      .map((control) => control.value).join("|");
    const given = figure.views[key];
    const held = given.of ? report.figures[given.of[0]].views[given.of[1]] : given;
    const view = { key, floor: 0, extras: figure.extras, ...held };
    if (!made || made.value !== "value") return view;
    const shown = valued(view);
    // Values that are not all above zero have no logarithm.
    const fits = shown.traces.every((t) => (t.y || t.low).every((v) => v === null || v > 0));
    return fits ? shown : { ...shown, y: { ...shown.y, type: "linear" } };
  };

  const traces = (view, axes, size) => {
    const shown = view.traces.filter(
      (t) => (t.c === undefined || !hidden.has(t.c)) && view.extras[t.role] !== false
    );
    const pointed = shown.filter((t) => t.role === "points").length;
    return shown.flatMap((given) => {
      let t = escaped(without(given));
      for (const [values, axis] of [["x", "x"], ["y", "y"], ["low", "y"], ["high", "y"]]) {
        if (t[values]) t = { ...t, [values]: lifted(t[values], axes[axis], view.floor) };
      }
      if (t.role === "points") {
        t = thinned(t, axes, { ...size, marks: MOST_MARKS / pointed });
      }
      return roles[t.role](t, axes, size);
    });
  };

  // The room of a figure is kept before it is drawn: what lies below may not move under a finger.
  const reserve = (figure, view, width) => {
    figure.note.textContent = view.note || "";
    figure.box.style.minHeight = width && view.traces ? `${heightOf(view, width)}px` : "";
    const parts = (view.traces || []).filter((t) => t.role === "bar");
    figure.keys.replaceChildren(...parts.map((t) => {
      const key = document.createElement("span");
      key.style.setProperty("--own", `var(--part-${t.part})`);
      key.textContent = t.name;
      return key;
    }));
  };

  const draw = (figure) => {
    figure.stale = false;
    const view = viewOf(figure);
    const width = figure.box.clientWidth;
    const empty = !view.traces || view.traces.every(
      (t) => (t.by ? t.by.every((c) => hidden.has(c)) : t.c !== undefined && hidden.has(t.c))
    );
    reserve(figure, empty ? { note: view.note } : view, width);
    figure.logs.forEach((button) => { button.hidden = Boolean((view[button.dataset.axis] || {}).type); });
    figure.box.classList.toggle("is-empty", empty);
    if (empty) {
      window.Plotly.purge(figure.box);
      figure.box.textContent = hidden.size ? "Every contender of this figure is switched off."
        : "There is nothing to draw here.";
      return Promise.resolve();
    }
    if (!figure.box.querySelector(".plot-container")) figure.box.textContent = "";
    const axes = {};
    for (const name of ["x", "y"]) {
      const axis = view[name];
      const type = axis.type || (figure.log[name] ? "log" : "linear");
      axes[name] = axisOf(axis.axis || {}, type, axis.title, name === "x" ? "height" : "width");
      if (type === "log") logTicks(axes[name], view, name);
      if (type === "category" && width < 560) shortTicks(axes[name], view, name, width);
    }
    const size = { width, height: width < 560 ? 320 : 420 };
    return window.Plotly.react(
      figure.box, traces(view, axes, size), layoutOf(view, axes, width), config
    );
  };

  const onScreen = (figure) => {
    const { top, bottom } = figure.box.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  };
  let later = 0;

  const queue = (job) => { work = work.then(job); return work; };
  const refresh = () => {
    for (const figure of figures.values()) figure.stale = true;
    const stale = (wanted) => [...figures.values()].filter(
      (f) => f.stale && f.box.clientWidth && wanted(f)
    );
    // What is on the screen first; what is near it when that has been painted.
    clearTimeout(later);
    later = setTimeout(() => queue(() => Promise.all(stale((f) => f.near).map(draw))), 60);
    return queue(() => Promise.all(stale(onScreen).map(draw)));
  };

  // Figures are drawn when they come near the screen, and again only when something changed.
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = figures.get(entry.target.dataset.figure);
      figure.near = entry.isIntersecting;
      if (figure.near && figure.stale) queue(() => draw(figure));
    }
  }, { rootMargin: "300px 0px" });

  const press = (buttons, pressed) =>
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b === pressed)));

  const begin = (section) => {
    const id = section.dataset.figure;
    const figure = {
      ...report.figures[id], id, stale: true, near: false, log: { ...report.figures[id].log },
      extras: { ...report.figures[id].extras },
      box: section.querySelector(".plot"), note: section.querySelector(".note"),
      keys: section.querySelector(".keys"),
      logs: all("button[data-axis]", section),
    };
    figure.controls = figure.controls.map((control) => ({ ...control }));
    figures.set(id, figure);
    const changed = () => { figure.stale = true; return queue(() => draw(figure)); };
    figure.controls.forEach((control, at) => {
      const buttons = all(`button[data-control="${at}"]`, section);
      buttons.forEach((button) => button.addEventListener("click", () => {
        control.value = button.value;
        press(buttons, button);
        changed();
      }));
      const select = section.querySelector(`select[data-control="${at}"]`);
      if (!select) return;
      control.value = select.value;
      select.addEventListener("change", () => {
        control.value = select.value;
        changed();
      });
    });
    figure.logs.forEach((button) => button.addEventListener("click", () => {
      const axis = button.dataset.axis;
      figure.log[axis] = !figure.log[axis];
      button.setAttribute("aria-pressed", String(figure.log[axis]));
      changed();
    }));
    all("button[data-extra]", section).forEach((button) => {
      button.addEventListener("click", () => {
        const role = button.dataset.extra;
        figure.extras[role] = !figure.extras[role];
        button.setAttribute("aria-pressed", String(figure.extras[role]));
        changed();
      });
    });
    figure.choose = (at, value) => { figure.controls[at].value = value; return changed(); };
    reserve(figure, viewOf(figure), figure.box.clientWidth);
    watcher.observe(section);
  };

  // ---- contenders ----------------------------------------------------------------------------

  const state = () => {
    all("button.contender").forEach((button) => {
      button.setAttribute("aria-pressed", String(!hidden.has(Number(button.dataset.c))));
    });
    const on = report.contenders.length - hidden.size;
    all(".shown-count").forEach((text) => {
      text.textContent = `${on} of ${report.contenders.length} shown`;
    });
  };

  const show = (wanted) => {
    const off = report.contenders.map((_, c) => c).filter((c) => !wanted(c));
    hidden.clear();
    off.forEach((c) => hidden.add(c));
    state();
    paint();
    return refresh();
  };

  const toggle = (c) => show((other) => (other === c) === hidden.has(other));

  // ---- tables, tasks, theme, printing --------------------------------------------------------

  const sortable = (table) => all("th[data-sort]", table).forEach((head) => {
    const button = head.querySelector("button");
    button.addEventListener("click", () => {
      const column = [...head.parentNode.children].indexOf(head);
      const down = head.getAttribute("aria-sort") === "ascending";
      all("th[data-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.children[column].dataset.v ?? "";
      const text = head.dataset.sort === "text";
      const compared = (a, b) => {
        if (text) return key(a).localeCompare(key(b));
        if (key(a) === "" || key(b) === "") return (key(a) === "") - (key(b) === "");
        return (Number(key(a)) - Number(key(b))) * (down ? -1 : 1);
      };
      const rows = [...table.tBodies[0].rows].sort(
        (a, b) => compared(a, b) * (text && down ? -1 : 1)
      );
      table.tBodies[0].append(...rows);
    });
  });

  const chooseTask = (select) => {
    const task = select.value;
    all("[data-task]").forEach((part) => { part.hidden = part.dataset.task !== task; });
    hint();
    for (const figure of figures.values()) {
      const at = figure.controls.findIndex((control) => control.name === "task");
      if (at >= 0) figure.choose(at, task);
    }
  };

  const themes = ["", "light", "dark"];
  const theme = (value) => {
    if (value) root.dataset.theme = value;
    else delete root.dataset.theme;
    const button = document.getElementById("theme");
    button.dataset.value = value;
    button.querySelector("span").textContent = value || "auto";
    button.setAttribute("aria-label", `Colours: ${value || "as the system"}. Change`);
    paint();
    return refresh();
  };

  // What is jumped to comes to lie below the bar that stays on top.
  const fit = () => {
    root.style.scrollPaddingTop = `${document.querySelector(".bar").offsetHeight + 16}px`;
    hint();
  };

  const print = (on) => {
    printing = on;
    root.classList.toggle("is-printing", on);
    paint();
    for (const figure of figures.values()) if (figure.box.clientWidth) draw(figure);
  };

  const start = () => {
    all("[data-figure]").forEach(begin);
    all("button.contender").forEach((button) => {
      const c = Number(button.dataset.c);
      button.addEventListener("click", () => toggle(c));
      button.addEventListener("dblclick", () => show((other) => other === c));
    });
    const sets = {
      all: () => true, none: () => false,
      best: (c) => !report.hidden.includes(c),
    };
    all("button[data-show]").forEach((button) => {
      button.addEventListener("click", () => show(sets[button.dataset.show]));
    });
    all("table.sortable").forEach(sortable);
    const task = document.getElementById("task");
    if (task) {
      task.addEventListener("change", () => chooseTask(task));
      all("a[data-to-task]").forEach((link) => link.addEventListener("click", () => {
        task.value = link.dataset.toTask;
        chooseTask(task);
      }));
      chooseTask(task);
    }
    document.getElementById("theme").addEventListener("click", () => {
      theme(themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length]);
    });
    darkSystem.addEventListener("change", () => { paint(); refresh(); });
    window.addEventListener("beforeprint", () => print(true));
    window.addEventListener("afterprint", () => print(false));
    all(".scroll").forEach((part) => part.addEventListener("scroll", hint, { passive: true }));
    all("details").forEach((part) => part.addEventListener("toggle", hint));
    let width = root.clientWidth;
    let waiting = 0;
    window.addEventListener("resize", () => {
      if (root.clientWidth === width) return;
      width = root.clientWidth;
      clearTimeout(waiting);
      waiting = setTimeout(() => { fit(); refresh(); }, 120);
    });
    state();
    paint();
    fit();
    root.classList.add("is-ready");
  };

  start();
  // For tests and for the console: a promise of the last change's being on the screen.
  window.unituneReport = { settled: () => work, toggle, hidden, figures };
})();
