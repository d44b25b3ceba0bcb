"""The report in a real browser: it is read in headless Chromium, on a desktop and on a phone."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from analysis.made import RANDOM, made
from report.test_findings import without
from report.test_palette import contrast
from report.test_projection import idle

from unitune.report import heat, write_html
from unitune.report.drawings import draw
from unitune.report.findings import find
from unitune.report.page import html

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "chrome"])), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"
)
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
WIDE = {"viewport": {"width": 1366, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FIFTY_THOUSAND = 50_000


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def path(results, tmp_path_factory):
    """Return a page with everything there can be in it."""
    partly = without(results, "skopt:gp", ["task-0", "task-1", "task-2"])
    return write_html(partly, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def visit(browser):
    """Open a page; at the end of the test, nothing may have gone wrong or out to the network."""
    seen, contexts = [], []

    def open_page(path, **settings):
        # Smooth scrolling would still be on its way when the next click comes.
        context = browser.new_context(reduced_motion="reduce", **{**DESKTOP, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("request", lambda request: seen.append(request.url) if out(request.url) else None)
        page.goto(path.as_uri())
        page.wait_for_function("window.unituneReport")
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert seen == []


def out(url):
    return not url.startswith(("file:", "data:", "blob:"))


def settle(page):
    page.evaluate("window.unituneReport.settled()")


def show(page, figure):
    """Scroll to a figure and wait until it is drawn."""
    page.evaluate(
        "name => document.getElementById(`figure-${name}`)"
        ".scrollIntoView({behavior: 'instant', block: 'center'})",
        figure,
    )
    page.wait_for_function(
        "name => { const f = window.unituneReport.figures.get(name); return f.near && !f.stale; }",
        arg=figure,
    )
    settle(page)


def whole(page):
    """Scroll through the page, so that every figure is drawn."""
    for figure in page.evaluate("[...window.unituneReport.figures.keys()]"):
        show(page, figure)


def drawn(page, figure):
    """Return what plotly holds for a figure."""
    return page.evaluate(
        "name => { const box = document.querySelector(`#figure-${name} .plot`);"
        " return {data: (box.data || []).map(t => ({x: t.x, y: t.y, name: t.name,"
        " type: t.type, line: t.line, marker: t.marker})),"
        " x: box.layout && box.layout.xaxis.type, y: box.layout && box.layout.yaxis.type,"
        " text: box.textContent}; }",
        figure,
    )


def click(page, selector):
    page.click(selector)
    settle(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_figure_is_drawn_and_the_page_never_scrolls_sideways(visit, path, device, scheme):
    page = visit(path, **device, color_scheme=scheme)
    whole(page)
    figures = page.evaluate("[...window.unituneReport.figures.keys()]")
    assert {"regret", "regret_also", "rungs", "task_curves"} <= set(figures)
    for figure in figures:
        assert drawn(page, figure)["data"], figure
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_has_its_height_before_its_figures_are_drawn(visit, path, device):
    page = visit(path, **device)
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    whole(page)
    assert page.evaluate(height) == before


def test_a_contender_is_switched_off_and_on_in_every_figure_and_table(visit, path):
    page = visit(path)
    whole(page)
    before = {name: len(drawn(page, name)["data"]) for name in ("regret", "task_curves")}
    chip = ".chips .contender[data-c='0']"
    click(page, chip)
    assert page.get_attribute(chip, "aria-pressed") == "false"
    assert "2 of 3" in page.inner_text(".shown-count")
    assert not page.locator(".heat td[data-c='0']").first.is_visible()
    for name, traces in before.items():
        show(page, name)
        assert len(drawn(page, name)["data"]) < traces
    show(page, "suggestion")
    assert len(drawn(page, "suggestion")["data"][0]["x"]) == 2
    click(page, chip)
    for name, traces in before.items():
        show(page, name)
        assert len(drawn(page, name)["data"]) == traces


def test_contenders_can_be_switched_off_all_at_once_and_shown_alone(visit, path):
    page = visit(path)
    click(page, "button[data-show='none']")
    show(page, "regret")
    assert "Every contender of this figure is switched off." in drawn(page, "regret")["text"]
    click(page, "button[data-show='all']")
    show(page, "solved")
    assert len(drawn(page, "solved")["data"]) == 2
    page.dblclick(".chips .contender[data-c='0']")
    settle(page)
    assert page.locator(".chips .contender[aria-pressed='true']").count() == 1


def test_axes_are_made_logarithmic_and_linear_again(visit, path):
    page = visit(path)
    show(page, "regret")
    assert (drawn(page, "regret")["x"], drawn(page, "regret")["y"]) == ("linear", "log")
    click(page, "#figure-regret button[data-axis='x']")
    click(page, "#figure-regret button[data-axis='y']")
    assert (drawn(page, "regret")["x"], drawn(page, "regret")["y"]) == ("log", "linear")


def test_regret_is_shown_against_trials_wall_clock_and_resource(visit, path):
    page = visit(path)
    show(page, "regret")
    found = []
    for by in ("trials", "seconds", "resource"):
        click(page, f"#figure-regret button[value='{by}']")
        found.append(drawn(page, "regret")["data"][-1]["x"])
    assert found[0][-1] == found[2][-1] == 1
    assert found[1][-1] > 1


def test_intervals_and_single_seeds_can_be_left_out(visit, path):
    page = visit(path)
    show(page, "task_curves")
    before = len(drawn(page, "task_curves")["data"])
    click(page, "#figure-task_curves button[data-extra='thin']")
    assert len(drawn(page, "task_curves")["data"]) == before / 2
    click(page, "#figure-task_curves button[data-extra='band']")
    assert len(drawn(page, "task_curves")["data"]) == before / 2 * 3


def test_choosing_a_task_changes_its_figures_and_its_tables(visit, path):
    page = visit(path)
    show(page, "task_curves")
    first = drawn(page, "task_curves")["data"][-1]["y"]
    page.select_option("#task", "task-3")
    settle(page)
    assert drawn(page, "task_curves")["data"][-1]["y"] != first
    assert page.locator("[data-task='task-3']").first.is_visible()
    assert not page.locator("[data-task='task-0']").first.is_visible()
    page.click(".heat a[data-to-task='task-1']")
    settle(page)
    assert page.input_value("#task") == "task-1"


def test_values_are_made_of_regrets(visit, results, path):
    page = visit(path)
    page.select_option("#task", "task-3")
    show(page, "task_finals")
    show(page, "task_curves")
    click(page, "#figure-task_curves button[value='value']")
    runs = results.runs[(results.runs["task"] == "task-3")]
    medians = runs.groupby("contender")["best"].median()
    for trace in drawn(page, "task_curves")["data"][-3:]:
        assert trace["y"][-1] == pytest.approx(medians[trace["name"]], rel=1e-4)


def test_tables_are_sorted_by_a_click_on_a_heading(visit, path):
    page = visit(path)
    names = "#ranking tbody th"
    before = page.locator(names).all_inner_texts()
    click(page, "#ranking thead th:nth-child(4) button")
    ascending = page.locator(names).all_inner_texts()
    assert ascending == before[::-1]
    assert page.get_attribute("#ranking thead th:nth-child(4)", "aria-sort") == "ascending"
    click(page, "#ranking thead th:nth-child(4) button")
    assert page.locator(names).all_inner_texts() == before


def test_the_colours_follow_the_system_until_they_are_chosen(visit, path):
    page = visit(path, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    show(page, "regret")
    line = drawn(page, "regret")["data"][-1]["line"]["color"]
    click(page, "#theme")
    assert page.inner_text("#theme span") == "light"
    assert page.evaluate(ground) != dark
    show(page, "regret")
    assert drawn(page, "regret")["data"][-1]["line"]["color"] != line
    click(page, "#theme")
    assert page.evaluate(ground) == dark


def test_one_contender_has_one_colour_everywhere(visit, path):
    page = visit(path)
    whole(page)
    line = drawn(page, "regret")["data"][-1]["line"]["color"]
    assert drawn(page, "solved")["data"][-1]["line"]["color"] == line
    assert line in drawn(page, "suggestion")["data"][0]["marker"]["color"]
    own = page.evaluate(
        "getComputedStyle(document.querySelectorAll('.chips .contender')[1])"
        ".getPropertyValue('--own')"
    )
    assert own.upper() == line.upper()


def test_everything_can_be_reached_with_the_keyboard(visit, path):
    page = visit(path)
    page.focus(".chips .contender[data-c='1']")
    page.keyboard.press("Space")
    settle(page)
    assert page.get_attribute(".chips .contender[data-c='1']", "aria-pressed") == "false"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, select, [role=img], [role=region]')].filter(e =>"
        " !e.closest('.modebar') && !(e.textContent.trim() || e.getAttribute('aria-label')"
        " || e.labels?.length)).length"
    )
    assert unnamed == 0


def test_it_is_printed_light_without_controls_and_with_every_figure(visit, path, tmp_path):
    page = visit(path, color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".sets").is_visible()
    assert not page.locator(".controls").first.is_visible()
    assert page.locator(".chips .contender").first.is_visible()
    for figure in page.evaluate("[...window.unituneReport.figures.keys()]"):
        assert drawn(page, figure)["data"], figure
    assert page.pdf(path=tmp_path / "report.pdf").startswith(b"%PDF")


@pytest.fixture(scope="module")
def many():
    """Return findings like those of a whole suite: fourteen contenders on thirty tasks."""
    names = (*PRICES, "optuna:bohb", *(f"{library}:hyperband" for library in LIBRARIES))
    skills = {**dict.fromkeys(names, 1.5), RANDOM: 1.0}
    found = find(made(skills, tasks=30, seeds=1, n_trials=4))
    # What stands in these two columns makes a crowded figure.
    ranking = found.main.verdict.ranking
    placed = [PRICES.get(name, (0.1, 1.6)) for name in ranking["contender"]]
    ranking = ranking.assign(score=[s for s, _ in placed], wall=[w for _, w in placed])
    verdict = replace(found.main.verdict, ranking=ranking)
    hidden = frozenset(c for c, name in enumerate(found.contenders) if name not in PRICES)
    shown = sorted(hidden)[: 10 - len(PRICES)]
    return replace(
        found, main=replace(found.main, verdict=verdict), hidden=hidden.difference(shown)
    )


LIBRARIES = ("builtin", "hyperopt", "optuna", "ray", "skopt")
# Score and seconds a run: two are near to one another at the right edge, two on one another.
PRICES = {
    "skopt:bayesian": (0.57, 12.3),
    "ray:bayesian": (0.545, 9.8),
    "optuna:bayesian": (0.568, 1.6),
    "hyperopt:bayesian": (0.22, 1.75),
    RANDOM: (0.0, 1.55),
    "optuna:random": (-0.16, 1.54),
    "optuna:grid": (-0.618, 1.6),
    "builtin:grid": (-0.644, 1.6),
}


@pytest.fixture(scope="module")
def large(many, tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "report.html"
    path.write_text(html(many, draw(many)), encoding="utf-8")
    return path


def overflow(page, selector):
    """Return by how much what is in an element is wider and higher than it."""
    return page.evaluate(
        "s => { const e = document.querySelector(s);"
        " return [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]; }",
        selector,
    )


def test_every_mark_of_score_against_time_has_its_name(visit, large, many):
    for device in (WIDE, PHONE):
        page = visit(large, **device)
        click(page, "button[data-show='none']")
        for name in PRICES:
            page.evaluate("c => window.unituneReport.toggle(c)", many.place(name))
        show(page, "price")
        shown = page.locator("#figure-price .textpoint text").all_text_contents()
        assert set(shown) == set(PRICES)
        inside = page.evaluate(
            "(() => { const box = document.querySelector('#figure-price .plot')"
            ".getBoundingClientRect(); return [...document.querySelectorAll("
            "'#figure-price .textpoint text')].every(e => {"
            " const r = e.getBoundingClientRect();"
            " return r.left >= box.left && r.right <= box.right; }); })()"
        )
        assert inside


def test_the_names_of_contenders_are_whole_where_there_is_room(visit, large):
    for device in (WIDE, PHONE):
        page = visit(large, **device)
        click(page, "button[data-show='all']")
        show(page, "suggestion")
        assert "hyperopt:hyperband" in page.locator("#figure-suggestion .ytick").all_text_contents()


def test_the_chips_and_the_scores_of_a_whole_suite_are_seen_without_scrolling(visit, large):
    page = visit(large, **WIDE)
    assert overflow(page, ".chips")[1] <= 0
    assert overflow(page, "#tasks .scroll") == [0, 0]


def test_a_leader_that_is_switched_off_is_named_in_its_row(visit, large, many):
    page = visit(large, **WIDE)
    rows = heat.rows(many)
    place, leader = next(
        (i, c) for i, row in enumerate(rows) for c in row.leaders if c in many.hidden
    )
    cell = page.locator("#tasks .heat tbody tr").nth(place).locator(".leader")
    name = many.labels[leader]
    assert f"★ {name}" in cell.inner_text().replace("\u200b", "")
    page.evaluate("c => window.unituneReport.toggle(c)", leader)
    assert name not in cell.inner_text().replace("\u200b", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tables_and_diagrams_can_be_read_where_contenders_are_switched_off(visit, large, scheme):
    page = visit(large, **WIDE, color_scheme=scheme)
    click(page, "button[data-show='none']")
    texts = page.evaluate(
        """(() => {
          const hex = (rgb) => "#" + rgb.match(/[0-9]+/g).slice(0, 3)
            .map((n) => Number(n).toString(16).padStart(2, "0")).join("");
          const paper = hex(getComputedStyle(document.querySelector("#ranking")).backgroundColor);
          return [...document.querySelectorAll(
            "#ranking .fades :is(td, .name, .ci), .cd .fades :is(text, tspan)"
          )].map((e) => {
            let seen = 1;
            for (let at = e; at; at = at.parentElement) seen *= getComputedStyle(at).opacity;
            const style = getComputedStyle(e);
            return [hex(e.closest("svg") ? style.fill : style.color), paper, seen];
          });
        })()"""
    )
    assert len(texts) > 100
    assert {seen for _, _, seen in texts} == {1}
    assert min(contrast(ink, paper) for ink, paper in {(i, p) for i, p, _ in texts}) >= 4.5


def test_on_a_phone_settings_and_configs_are_stacked(visit, large):
    page = visit(large, **PHONE)
    for table in ("#contenders .scroll", "#drill-down .scroll"):
        assert overflow(page, table)[0] <= 0
    empty = page.evaluate(
        "[...document.querySelectorAll('.settings tr')].map(e => e.clientHeight -"
        " [...e.children].reduce((sum, cell) => sum + cell.offsetHeight, 0))"
    )
    assert max(empty) <= 21


def test_on_a_phone_tables_fade_out_where_they_go_on(visit, large):
    page = visit(large, **PHONE)
    for table in ("#ranking .scroll", "#tasks .scroll"):
        assert "has-more" in page.get_attribute(table, "class")
        page.evaluate("s => { document.querySelector(s).scrollLeft = 1e6; }", table)
        page.wait_for_function(
            "s => !document.querySelector(s).classList.contains('has-more')", arg=table
        )


def test_the_whole_budget_has_its_tick(visit, large):
    for width in (1366, 320, 360, 390, 412):
        page = visit(large, viewport={"width": width, "height": 844})
        for figure in ("regret", "ranks"):
            show(page, figure)
            ticks = page.locator(f"#figure-{figure} .xtick").all_text_contents()
            assert ticks[-1] == "100%", (width, figure)
            # It has its room, and is not given some that may go again.
            kept, given = page.evaluate(
                "name => { const box = document.querySelector(`#figure-${name} .plot`);"
                " return [box._fullLayout._size.r, box.layout.margin.r]; }",
                figure,
            )
            assert kept == given


def test_what_is_jumped_to_lies_below_the_bar(visit, large):
    page = visit(large, **WIDE)
    page.click("nav.toc a[href='#rungs'], nav.toc a[href='#drill-down']")
    top, bar = page.evaluate(
        "[document.querySelector('#drill-down').getBoundingClientRect().top,"
        " document.querySelector('.bar').getBoundingClientRect().bottom]"
    )
    assert top >= bar


def test_grid_and_random_search_are_drawn_on_the_two_parameters_that_matter(visit, tmp_path):
    found = idle()
    path = tmp_path / "idle.html"
    path.write_text(html(found, draw(found)), encoding="utf-8")
    page = visit(path)
    before = page.evaluate("document.querySelector('#figure-projection .plot').clientHeight")
    show(page, "projection")
    # The grid's marks that lie on one another are drawn once.
    assert sorted(len(t["x"]) for t in drawn(page, "projection")["data"]) == [3, 9, 27, 27]
    after = page.evaluate("document.querySelector('#figure-projection .plot').clientHeight")
    assert before == after
    assert page.locator("#figure-projection .xtitle").text_content() == "decides"


def test_names_with_markup_do_nothing_but_stand_there(visit, nasty, nasty_drawn, tmp_path):
    path = tmp_path / "nasty.html"
    path.write_text(html(nasty, nasty_drawn), encoding="utf-8")
    page = visit(path)
    whole(page)
    assert page.title() == "8 contenders on 7 tasks: made"
    assert page.locator("img").count() == 0
    page.hover("#figure-regret .plot")
    ticks = page.locator("#figure-overhead .ytick text").all_text_contents()
    assert "<script>document.title='taken'</script>" in ticks
    assert "名前:ベイズ" in ticks
    assert "$x_1$ %{y} <b>bold</b>" in ticks


def test_fifty_thousand_points_stay_responsive_in_a_small_file(visit, tmp_path, capsys):
    skills = {RANDOM: 1.0, **{f"library:{i}": 1.5 + i / 4 for i in range(9)}}
    results = made(skills, tasks=1, seeds=5, n_trials=1000)
    assert len(results.trials) == FIFTY_THOUSAND
    path = write_html(results, tmp_path / "large.html")
    size = path.stat().st_size
    page = visit(path)
    show(page, "task_trials")
    held = page.evaluate(
        "Object.values(window.unituneReport.figures.get('task_trials').views)[0].traces"
        ".reduce((sum, t) => sum + t.x.length, 0)"
    )
    marks = page.locator("#figure-task_trials .point").count()
    times = [page.evaluate(TOGGLE) for _ in range(4)]
    with capsys.disabled():
        print(
            f"\n50,000 points: {size / 1e6:.2f} MB, {marks} marks drawn, a toggle redraws the "
            f"figures on the screen in {min(times):.0f}-{max(times):.0f} ms"
        )
    assert held == FIFTY_THOUSAND
    assert size < 6_000_000
    # What is drawn does not grow with what is held: that is what keeps it responsive.
    assert 1000 < marks <= 4000


TOGGLE = """async () => {
  const began = performance.now();
  document.querySelector(".chips .contender[data-c='2']").click();
  await window.unituneReport.settled();
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
}"""


@pytest.mark.slow
def test_many_tasks_with_fifty_thousand_trials_stay_below_six_megabytes(visit, tmp_path):
    skills = {RANDOM: 1.0, **{f"library:{i}": 1.5 + i / 4 for i in range(9)}}
    results = made(skills, tasks=20, seeds=5, n_trials=50)
    about = {**results.about, "note": "large"}
    path = write_html(replace(results, about=about), tmp_path / "many.html")
    assert path.stat().st_size < 6_000_000
    page = visit(path)
    page.select_option("#task", "task-19")
    show(page, "task_curves")
    assert drawn(page, "task_curves")["data"]
