"""Pages for what went wrong: what happened, what was kept, what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from forgeward.errors import ForgewardError


def _page(request: HttpRequest, status: int, heading: str, what: str, then: str = "") -> HttpResponse:
    words = {"heading": heading, "what": what, "then": then, "way": "To the desk", "way_url": "/"}
    return render(request, "door_message.html", words, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, "This request cannot be read", "Nothing was changed.", "Go back and try it again.")


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request, 403, "Not for your role", "Nothing was changed.", "The Security Lead can say who may do this."
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    what = "There is nothing at this address, or it is not for you to see."
    return _page(request, 404, "Not found", what, "Check the address, or look for it under Cases.")


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    what = "The form was open for too long, or came from another site. Nothing was changed."
    return _page(request, 403, "Send the form again", what, "Go back, load the page anew, then send it.")


def broken(request: HttpRequest) -> HttpResponse:
    """A 500 asks neither database nor session: either may be what broke."""
    words = {
        "heading": "This page broke",
        "what": "Nothing was changed half: what one action does is done whole or not at all.",
        "then": "Try it again. If it stays so, run `forgeward doctor` on the server; its log has the details.",
        "way": "To the desk",
        "way_url": "/",
    }
    return HttpResponse(loader.get_template("broken.html").render(words), status=500)


def refused(request: HttpRequest, problem: ForgewardError, status: int) -> HttpResponse:
    """A refusal of the core as a page: its sentence, and what it says to do."""
    return _page(request, status, "Not done", str(problem), problem.next)
