# -*- coding: utf-8 -*-
#
# This file is part of SENAITE.QUEUE.
#
# SENAITE.QUEUE is free software: you can redistribute it and/or modify it
# under the terms of the GNU General Public License as published by the Free
# Software Foundation, version 2.
#
# Copyright 2026 senaite.queue contributors.

"""The monitor in a browser: every tab, action and button, by who may and by
who may not."""

import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

MANAGER, ANALYST, CONTACT = "labman1", "analyst1", "ritamo"
ADMINISTRATOR = "admin"


def is_refused(page):
    """Wait until the user is told that the page is not for them."""
    page.until(lambda: "require_login" in page.browser.current_url
               or page.has("Insufficient Privileges"), "a refusal")


def test_empty_queue(page, seeds, pictures):
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.wait("#queue-number-queued")
    page.reads("Queue Monitor")
    assert page.all("#queue-number-queued dd")[0].text == "0"
    pictures("monitor-empty")


def test_tabs_search_and_sorting(page, seeds, pictures):
    seeds.done(note="3 of 3 analyses submitted")
    failed = seeds.failed()
    running = seeds.running(job_total=20)
    later = seeds.add(delay=3600, name="task_reindex_object_security")
    ghost = seeds.add(ghost=True)
    removed = seeds.add()
    seeds.store.cancel(removed["task_uid"])
    queued = [seeds.add(name="task_action_verify", priority=number,
                        username="user{}".format(number))
              for number in range(3)]
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.shows([running, later] + queued)
    pictures("monitor-busy")
    for tab, tasks in (("queued", queued), ("running", [running]),
                       ("failed", [failed]), ("scheduled", [later]),
                       ("cancelled", [removed])):
        page.tab(tab)
        page.shows(tasks)
    page.tab("done")
    page.reads("3 of 3 analyses submitted")
    page.tab("all")
    page.until(lambda: len(page.rows()) == 9, "9 rows")
    assert ghost["task_uid"] in page.rows()
    page.tab("default")

    search = page.wait("#queue_tasks input[type=text], "
                       "#queue_tasks input[type=search]")[0]
    search.send_keys("USER1 verify" + Keys.ENTER)
    page.shows(queued[1:2])
    search.send_keys(Keys.CONTROL + "a")
    search.send_keys(Keys.DELETE + Keys.ENTER)
    page.shows([running, later] + queued)

    page.tab("queued")
    page.shows(queued)
    for column in ("name", "context_path", "username", "priority", "added",
                   "since"):
        page.press("th#{0}, th.{0}".format(column))
        first = page.until(lambda: page.rows() if sorted_by(page, column)
                           else None, "rows sorted by " + column)
        page.press("th#{0}, th.{0}".format(column))
        page.until(lambda: page.rows() == first[::-1]
                   and sorted_by(page, column),
                   "the other order of " + column)


def sorted_by(page, column):
    state = page.browser.execute_script(
        "var s = window.listings.queue_tasks.state;"
        "return [s.sort_on, s.loading, s.folderitems.length]")
    return state == [column, False, 3]


def test_it_refreshes_itself_and_keeps_what_was_selected(page, seeds):
    first = [seeds.add() for _number in range(60)]
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.until(lambda: len(page.rows()) == 50, "50 rows")
    page.press("#pagination button")
    page.until(lambda: len(page.rows()) == 60, "60 rows")
    page.select(first[0], first[55])
    page.browser.execute_script("window.scrollTo(0, 700)")
    place = page.browser.execute_script("return window.scrollY")
    assert place > 0
    more = seeds.add(priority=9)
    page.until(lambda: more["task_uid"] in page.rows(), "the new row")
    assert len(page.rows()) == 60 or len(page.rows()) == 61
    chosen = page.browser.execute_script(
        "return window.listings.queue_tasks.state.selected_uids")
    assert first[0]["task_uid"] in chosen
    assert page.browser.execute_script("return window.scrollY") == place
    # Hidden, it asks for nothing
    page.browser.execute_script(
        "Object.defineProperty(document, 'hidden', {get: function () {"
        "return true; }}); window.asked = 0; var real = window.fetch;"
        "window.fetch = function (url) { window.asked += /dashboard/.test(url)"
        " ? 1 : 0; return real.apply(window, arguments); };")
    page.browser.set_script_timeout(30)
    page.browser.execute_async_script(
        "window.setTimeout(arguments[0], 9000)")
    assert page.browser.execute_script("return window.asked") == 0


def test_failed_tasks_are_found_and_requeued(page, seeds, pictures):
    failed = seeds.failed("Worksheet is closed")
    other = seeds.failed("Analysis is gone")
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.reads("Failed tasks that need a decision: 2")
    page.tab("failed")
    page.shows([failed, other])
    page.reads("Worksheet is closed")
    pictures("monitor-failing")
    page.press("a[href*='{}']".format(failed["task_uid"]))
    page.wait(".queue-attempt")
    page.press(".queue-attempt summary")
    page.reads("ValueError: Worksheet is closed")
    pictures("task-page")
    page.press("#queue_requeue_button")
    page.reads("Tasks queued again: 1")
    assert seeds.status(failed) == "queued"
    page.tab("failed")
    page.shows([other])
    page.select(other)
    page.do("queue_requeue")
    page.reads("Tasks queued again: 1")
    # It comes back to the tab it was pressed in
    page.wait("button.nav-item#failed.active")
    assert seeds.status(other) == "queued"


def test_numbers_and_warnings_lead_to_the_tasks(page, seeds):
    queued, failed = seeds.add(), seeds.failed()
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.shows([queued])
    page.press(".queue-warning a[data-queue-tab='failed']")
    page.shows([failed])
    page.press("#queue-number-queued a")
    page.shows([queued])
    # The address of a link leads there as well
    url = page.wait("#queue-number-failed a")[0].get_attribute("href")
    page.browser.get("about:blank")
    page.browser.get(url)
    page.shows([failed])


def test_numbers_count_what_the_tabs_show(page, seeds):
    later, hidden = seeds.add(delay=3600), seeds.add(ghost=True)
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    for name, number in (("queued", "0"), ("scheduled", "1"), ("hidden", "1")):
        place = "#queue-number-{} dd".format(name)
        page.until(lambda: page.wait(place)[0].text == number, name)
    assert not page.all("#queue-number-queued a")
    page.press("#queue-number-scheduled a")
    page.shows([later])
    page.press("#queue-number-hidden a")
    page.shows([later, hidden])


def test_silence_and_the_end_of_a_login_are_told(page, seeds):
    silence = "#queue-silent:not([hidden])"
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.wait("#queue-number-queued")
    page.answer_instead("/dashboard", 502)
    assert "No news from the server since" in page.wait(silence)[0].text
    # The next round gets an answer
    page.until(lambda: not page.all(silence), "news")
    # There are no rows that anybody would ask about
    page.browser.delete_cookie("__ac")
    page.wait(silence)
    page.wait(".queue-logged-out")


def test_a_refresh_keeps_the_focus(page, seeds):
    seeds.add()
    seeds.failed()
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.browser.execute_script("arguments[0].focus()", page.wait(
        "#queue-number-queued a")[0])
    warning, = page.wait(".queue-warning[role=alert]")
    seeds.add()
    page.until(lambda: page.all("#queue-number-queued dd")[0].text == "2",
               "the new number")
    page.until(lambda: focus(page).text == "2", "the focus where it was")
    # The same warning is not read aloud again
    page.until(lambda: "need a decision: 1" in page.all(
        ".queue-warning")[0].text, "the warning")
    assert not page.all(".queue-warning[role=alert]")


def test_without_a_mouse(page, seeds):
    task = seeds.add()
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.shows([task])
    page.select(task)
    page.wait("button#queue_remove_transition")[0].send_keys(Keys.ENTER)
    page.until(lambda: focus(page).text == "No", "the focus on the answer")
    focus(page).send_keys(Keys.SHIFT + Keys.TAB)
    page.until(lambda: focus(page).text == "Yes", "the focus on yes")
    focus(page).send_keys(Keys.ENTER)
    page.until(lambda: "Tasks removed: 1" in focus(page).text,
               "the focus on what became of it")
    assert seeds.status(task) == "cancelled"


def focus(page):
    return page.browser.switch_to.active_element


def test_on_a_phone_the_tasks_come_first(page, seeds):
    task = seeds.add()
    page.log_in(MANAGER)
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False})
    try:
        page.open("@@queue_tasks")
        page.shows([task])
        for part in ("charts", "consumers"):
            details = page.wait("details[data-keep={}]".format(part))[0]
            assert details.get_attribute("open") is None
            page.press(details.find_element(By.TAG_NAME, "summary"))
            page.until(lambda: details.get_attribute("open"), part)
    finally:
        page.browser.execute_cdp_cmd(
            "Emulation.clearDeviceMetricsOverride", {})


def test_removing_asks_first_and_says_what_came_too_late(page, seeds):
    tasks = [seeds.add() for _number in range(3)]
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.shows(tasks)
    page.select(*tasks[:2])
    page.do("queue_remove")
    page.wait(".popover")
    assert seeds.status(tasks[0]) == "queued"
    seeds.store.cancel(tasks[1]["task_uid"])
    page.press(".popover .btn-outline-primary")
    page.reads("Tasks removed: 1")
    page.reads("have finished or no longer exist: 1")
    assert seeds.status(tasks[0]) == "cancelled"
    assert seeds.status(tasks[2]) == "queued"


def test_a_job_is_cancelled(page, seeds):
    job = "f" * 32
    done = seeds.done(job_uid=job)
    left = seeds.add(job_uid=job)
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.shows([left])
    page.select(left)
    page.do("queue_cancel_job")
    page.press(".popover .btn-outline-primary")
    page.reads("Jobs cancelled: 1")
    assert (seeds.status(done), seeds.status(left)) == ("done", "cancelled")


def test_priority_of_many_is_changed(page, seeds):
    tasks = [seeds.add() for _number in range(2)]
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.shows(tasks)
    page.select(*tasks)
    page.do("modal_queue_priority")
    field = page.wait("#queue-priority-value")[0]
    page.until(field.is_displayed, "the form")
    field.clear()
    field.send_keys("3")
    page.press("form[name=queue-priority] button[type=submit]")
    page.reads("Priority changed: 2")
    assert [seeds.store.get(task["task_uid"])["priority"]
            for task in tasks] == [3, 3]


def test_pause_and_resume(page, seeds):
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    for name in ("", "task_action_submit"):
        select = page.wait("#queue-pause-name")[0]
        Select(select).select_by_value(name)
        page.press("form[data-queue-form=pause] button")
        page.accept()
        page.wait("form[data-queue-form=resume]")
        assert [p["name"] for p in seeds.store.pauses()] == [name]
        assert seeds.store.pauses()[0]["username"] == MANAGER
        page.press("form[data-queue-form=resume] button")
        page.until(lambda: not page.all("form[data-queue-form=resume]"),
                   "no more pause")
        assert seeds.store.pauses() == []


def test_what_was_chosen_to_be_paused_stays_chosen(page, seeds):
    """The page refreshes itself every four seconds."""
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.reads("Nothing is queued.")
    chosen = page.wait("#queue-pause-name")[0]
    Select(chosen).select_by_value("task_action_verify")
    page.browser.execute_script("arguments[0].blur()", chosen)
    seeds.add()
    page.until(lambda: page.all("#queue-number-queued dd")[0].text == "1",
               "a refresh")
    chosen = page.wait("#queue-pause-name")[0]
    assert chosen.get_attribute("value") == "task_action_verify"
    page.press("form[data-queue-form=pause] button")
    question = page.until(lambda: page.browser.switch_to.alert, "question")
    assert question.text.startswith("Pause 'Verify results'?")
    question.dismiss()
    assert seeds.store.pauses() == []


def test_administrator_removes_everything_after_a_question(page, seeds,
                                                           pictures):
    tasks = [seeds.done(), seeds.failed(), seeds.running(), seeds.add(),
             seeds.add()]
    page.log_in(ADMINISTRATOR)
    page.open("@@queue_tasks")
    page.press("a#queue-remove-all")
    page.reads("Remove everything?")
    assert page.wait("#queue-unfinished")[0].text == "4"
    assert page.has("Waiting: 2, running: 1, failed: 1.")
    pictures("remove-all")
    # No is an answer, too
    page.press("form#queue-remove-all a")
    page.shows(tasks[2:])
    page.press("a#queue-remove-all")
    page.press("form#queue-remove-all button[name=confirmed]")
    page.reads("Everything was removed from the queue. Tasks: 5")
    page.shows([])
    assert [seeds.store.get(task["task_uid"]) for task in tasks] == [None] * 5


def test_lab_manager_does_not_remove_everything(page, seeds):
    task = seeds.add()
    page.log_in(MANAGER)
    page.open("@@queue_tasks")
    page.wait("#queue-pause-name")
    assert not page.all("#queue-remove-all")
    page.open("@@queue_remove_all?confirmed=1")
    is_refused(page)
    assert seeds.status(task) == "queued"


def test_tasks_without_a_consumer_are_noticed(page, seeds, pictures):
    # Those that are held are forgotten with all else that was in the store
    assert seeds.store.consumers() == []
    seeds.add(created=time.time() - 330)
    page.log_in(MANAGER)
    page.until(lambda: page.open("samples") or page.has(
        "No consumer is running: a task has been waiting for 5 min."),
        "a notice")
    pictures("no-consumer-notice")
    page.open("@@queue_tasks")
    page.reads("No consumer is running: queued tasks are not processed.")
    pictures("no-consumer-monitor")
    page.open("@@queue-controlpanel")
    page.reads("No consumer has been running for at least a minute.")
    pictures("no-consumer-settings")
    # Those who wait are told, too
    told = "No consumer is running: nothing has been started since "
    page.log_in(ANALYST)
    page.open("@@queue_my_tasks")
    page.reads(told)
    assert told in page.wait("#queue-indicator-link")[0].get_attribute(
        "title")
    pictures("no-consumer-my-tasks")


def test_place_in_line_is_told_where_people_wait(page, seeds, pictures):
    seeds.running(username=MANAGER)
    seeds.add(username=MANAGER)
    seeds.add(username=ANALYST)
    page.log_in(ANALYST)
    page.open("@@queue_my_tasks")
    page.until(lambda: page.open("@@queue_my_tasks") or page.has(
        "Jobs ahead: 2."), "the line")
    assert "Jobs ahead: 2." in page.wait(
        "#queue-indicator-link")[0].get_attribute("title")
    pictures("my-tasks-waiting")
    # The page that is open learns what has changed meanwhile
    seeds.store.pause(None, MANAGER)
    page.until(lambda: "The whole queue has been paused by" in page.wait(
        "#queue-indicator-link")[0].get_attribute("title"), "the pause")
    page.open("@@queue_my_tasks")
    page.reads("The whole queue has been paused by")
    assert not page.has("Jobs ahead")
    pictures("my-tasks-paused")
    seeds.store.resume()


def test_analyst_looks_and_cannot_touch(page, seeds, pictures):
    mine = seeds.failed("Worksheet is closed", username=ANALYST)
    page.log_in(ANALYST)
    page.open("@@queue_tasks")
    page.wait("#queue-number-failed")
    page.tab("failed")
    page.wait("tr.contentrow")
    assert not page.all("tr.contentrow input[name='uids:list']")
    assert not page.all("#queue-pause-name")
    page.open("@@queue_task?uid=" + mine["task_uid"])
    page.reads("Worksheet is closed")
    assert not page.all("#queue-task-actions button")
    for name in ("queue-controlpanel", "queue_pause", "queue_priority"):
        page.open("@@" + name)
        is_refused(page)
    page.open("@@queue_my_tasks")
    page.reads("The task failed: Worksheet is closed.")
    pictures("my-tasks")


def test_client_contact_sees_the_own_work_only(page, seeds):
    seeds.add(username=ANALYST, name="task_action_verify")
    mine = seeds.running(username=CONTACT, job_total=3)
    page.log_in(CONTACT)
    page.open("@@queue_tasks")
    is_refused(page)
    page.open("@@queue_my_tasks")
    page.wait("#queue-my-jobs tbody tr")
    assert len(page.all("#queue-my-jobs tbody tr")) == 1
    page.reads("Submit results")
    assert not page.has("Verify")

    # The sign in the toolbar, and the message when the work ends
    page.open("")
    page.wait("#queue-indicator-link:not([hidden])")
    seeds.store.acknowledge(mine["task_uid"], "seeds1/0000000a")
    page.wait(".queue-ended")
    page.reads("Finished: Submit results")
    assert page.wait("#queue-indicator-link")[0].get_attribute("hidden")

    # Also on the next page, and when it fails
    bad = seeds.running(2, username=CONTACT)
    page.until(lambda: page.open("") or page.all(
        "#queue-indicator-link:not([hidden])"), "the sign in the toolbar")
    seeds.store.fail(bad["task_uid"], "seeds2/0000000a", "fatal", "no")
    page.open("@@queue_my_tasks")
    page.wait(".queue-ended.alert-danger")
    page.browser.find_element(By.CSS_SELECTOR, ".queue-ended .close").click()
    assert not page.all(".queue-ended")
