// The live parts of the status page: new figures as they come, charts, and a word if the program is gone.

import uPlot from "./uplot.js"

const notice = document.getElementById("live")
const { shape } = document.body.dataset
const retryMs = 2000

/** Says something above the figures. An empty text hides it. */
function say(text, tone = "") {
  if (notice.textContent === text) return
  notice.textContent = text
  notice.dataset.tone = tone
}

/** Shows values. Those that are not given stay as they are. */
function show(values) {
  for (const element of document.querySelectorAll("[data-live]")) {
    const text = values[element.dataset.live]
    if (text === undefined || element.textContent === text) continue
    element.textContent = text
    if (element.classList.contains("why")) element.hidden = text === ""
  }
  for (const element of document.querySelectorAll("[data-live-set]")) {
    const [name, ...rest] = element.dataset.liveSet.split(" ")
    const value = values[rest.join(" ")]
    if (value !== undefined) element.setAttribute(name, value)
  }
}

const isDark = matchMedia("(prefers-color-scheme: dark)")
const palette = {
  light: ["#0a58ca", "#a3121b", "#0f6b33", "#8a3ffc", "#9a5b00", "#00757c", "#a8227b", "#4d5358"],
  dark: ["#7ab8ff", "#ff9c9c", "#7ddc9b", "#c9a6ff", "#f3c969", "#5fd4dc", "#ff9fd8", "#c1c7cd"],
}

/** A chart of lines that end now. */
class Chart {
  constructor(place, label, lines, data) {
    this.place = place
    this.data = data
    this.lines = lines
    place.setAttribute("role", "img")
    place.setAttribute("aria-label", label)
    this.draw()
    new ResizeObserver(() => this.plot.setSize(this.size())).observe(place)
  }

  size() {
    return { width: this.place.clientWidth, height: 240 }
  }

  draw() {
    const colours = palette[isDark.matches ? "dark" : "light"]
    const style = getComputedStyle(document.body)
    const clock = (seconds, length = 19) => new Date(seconds * 1000).toISOString().slice(11, length)
    const clocks = (_, ticks, __, ___, step) => ticks.map((tick) => clock(tick, step < 60 ? 19 : 16))
    const axis = {
      stroke: style.getPropertyValue("--quiet"),
      grid: { stroke: style.getPropertyValue("--rule"), width: 1 },
      ticks: { stroke: style.getPropertyValue("--rule"), width: 1 },
    }
    const series = this.lines.map((label, index) => ({
      label,
      stroke: colours[index % colours.length],
      // Beyond the colours, lines are told apart by their dashes.
      dash: index < colours.length ? undefined : [6, 3],
      width: 2,
      spanGaps: false,
    }))
    const time = { label: "UTC", value: (_, seconds) => (seconds === null ? "" : clock(seconds)) }
    const scales = { y: { range: (_, __, highest) => [0, Math.max(1, highest * 1.1)] } }
    const options = {
      ...this.size(),
      series: [time, ...series],
      axes: [
        { ...axis, values: clocks, space: 70 },
        { ...axis, size: 60 },
      ],
      scales,
    }
    this.plot?.destroy()
    this.plot = new uPlot(options, this.data, this.place)
  }

  add(time, values, most) {
    this.data = this.data.map((column, index) => [...column, index === 0 ? time : values[index - 1]].slice(-most))
    this.plot.setData(this.data)
  }
}

let charts = []
const mostSamples = 1800

async function drawCharts() {
  const response = await fetch("/status/charts")
  if (!response.ok) return
  const { times, lag, in: ins, out } = await response.json()
  document.getElementById("charts").hidden = false
  const seconds = times.map((time) => time / 1000)
  const make = (id, label, lines) =>
    new Chart(
      document.getElementById(id),
      `${label}. The table of sinks has the figures of now.`,
      lines.map(({ name }) => name),
      [seconds, ...lines.map(({ values }) => values)],
    )
  const named = (lines, suffix) => lines.map(({ name, values }) => ({ name: `${name} ${suffix}`, values }))
  charts = [
    make("lag-chart", "Events that wait, by sink, in the last hour", lag),
    make("rate-chart", "Events a second in the last hour", [...named(ins, "in"), ...named(out, "out")]),
  ]
  isDark.addEventListener("change", () => {
    for (const chart of charts) chart.draw()
  })
}

function update({ values, time, lag, in: ins, out, shape: now }) {
  if (now !== shape) {
    // Somebody who is in the middle of the page is not thrown out of it.
    if (document.activeElement === document.body) location.reload()
    else say("Parts of this page have changed. Load the page again to see them.")
    return
  }
  say("")
  show(values)
  charts[0]?.add(time / 1000, lag, mostSamples)
  charts[1]?.add(time / 1000, [...ins, ...out], mostSamples)
}

let lostAt

function listen() {
  const feed = new EventSource("/status/live")
  let isStopping = false
  feed.addEventListener("update", (event) => {
    lostAt = undefined
    update(JSON.parse(event.data))
  })
  feed.addEventListener("stopping", () => {
    isStopping = true
  })
  feed.onerror = () => {
    feed.close()
    lostAt ??= new Date().toISOString().slice(0, 19).replace("T", " ")
    show({ state: "Not connected", "state/tone": "bad" })
    const what = isStopping ? "It has stopped" : "It does not answer, or you have to log in again"
    say(`${what}. The figures below are those of ${lostAt} UTC. The page goes on trying.`, "bad")
    setTimeout(listen, retryMs)
  }
}

document.getElementById("still").hidden = true
listen()
await drawCharts()
