"""A DNS for tests: names with their records, and the public keys of the real mails.

The keys below are not published any more. Each was worked out from two signatures in the mails themselves: with the
messages m1, m2 (padded digests) and their signatures s1, s2 under one RSA key, gcd(s1^65537 - m1, s2^65537 - m2) is its
modulus, up to small factors. A key that verifies two signatures is the right one, so the tests prove it anew. Keys that
signed a single mail cannot be found in this way: tests that would need one are skipped and say so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from forgeward.respond.dns import FAILED, NOTHING, Answer, Question


class Zone:
    """A `Resolver` out of a dictionary: ``name`` (TXT) or ``KIND name`` to records; counts what it is asked."""

    def __init__(self, records: Mapping[str, str | tuple[str, ...]], failing: tuple[str, ...] = ()) -> None:
        self._records, self._failing = records, failing
        self.asked: Counter[str] = Counter()

    def resolve(self, question: Question) -> Answer:
        self.asked[question.name] += 1
        if question.name in self._failing:
            return FAILED
        name = question.name if question.kind == "TXT" else f"{question.kind} {question.name}"
        records = self._records.get(name, ())
        records = (records,) if isinstance(records, str) else records
        return Answer("found", records) if records else NOTHING


class SlowZone(Zone):
    """A `Zone` that takes its time."""

    def __init__(self, records: Mapping[str, str | tuple[str, ...]], seconds: float) -> None:
        super().__init__(records)
        self._seconds = seconds

    def resolve(self, question: Question) -> Answer:
        time.sleep(self._seconds)
        return super().resolve(question)


def _rsa(text: str) -> str:
    return f"v=DKIM1; k=rsa; p={text}"


_SA_1024 = _rsa(
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1TyXrYgvAK/TExmQrDNDCltfHh5JSf9+yDKD6sGuJVSUv+fAg/BWnAtydBwGoYMvibBfqXBfi6B/A"
    "wuxBJQeYUaDAS09kH4uQYkKI9yhdKgeo2JU0StcZ7IVK9JpQFqzhJs/UkMvmFebSaDHr5Ttco/CXGWD7M0OTY5jkInh/oQIDAQAB"
)
_SA_2048 = _rsa(
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2eISVGRr1njbT7LVYOp6LxNGlry1t65IVpFfvgIdGeF3hW3f3CXHsmVWGtb3nLFpelsTeXIV"
    "wHUE81xAHN6VeMiCoRcQffES5Z5/k68N+UxsLuLq3uiZNXcKLew6SDB06oRSvBbvskjNes1z4TpgQnUFWCzb5STMUZxG65a4Mkk7mX9X3sRrvm97EZ8U"
    "/LeLOz4IUmv7HbHph5CSyuf4fQrUN0GFr2HydC4/DbPqWdCmx4bq+7slE609dUL19ZMv9LYI7E6cpVeX7RmciRTnH7jOVQ6RvIav2REzY5KksgL7eAeV"
    "/QYLqSAaFZqYKJjYiZj+6p47ef5u+Cd8GrCjWQIDAQAB"
)
_ZONEVS = _rsa(
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1XMeXIrOCpckdNbATIpKBTcPsz6iRQZm2RhmKt0xoe/xnfuXRGoyHkupGInXnpN1mI3rjwLI"
    "IqZ4F9y703otp4HKWpbHJJZPLV02LeCHOTkyPRGpksPHOAJj+xHq3SWXNU+lYN0PQoXUUlDhoTTvW/6Q9QX7T4RDjZa1btSINTUxv4mOZMihLtM4Dxw0"
    "fKBC0S/glUB2JXO4YhW08UwlttbXFE8gKqxILMDbISieI7RqfpXx9i7XGO5u35cwROd77f3cwVHgrOoQOQ+TmfCndzYU39kZAqQTv9OlGlTDhDTEbuTN"
    "KMUDE2HDy7Ca6U3ZVp7el7T0Z6vjCjm+E10EDwIDAQAB"
)
SA_ARC = _rsa(  # what arc/ok01.eml was sealed with, under the same name as the key of 768 bits
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJ0bxiTvcfrp5iLPBojr1JcKoPCOnwSEG6plWCSWyri2BQzvY/yNeoFjXqCVaJq8DqfvC9Y7"
    "IgpeN3AsPwevoBeZ8n/CXuzP/1NHVvRZKQi7Qv4SqeUzxEBjBiUeaT0uwNwbOGFtI2gwz6/aU1qo+eyGqmsBV3fdKFSARluhDcdo9IRExob03priQUg9"
    "GyQirrKBJRVMUYdAJjXAB6tGIVme7u0uZU9j2OMPgIxdZ0PAKD7zLam87Ys8LmD7NeJuBuWHSMyDaJBsKPfRyqLh6KwfnKR1b6o6wS8G/buH9MXwIJIM"
    "vDETHgdx8SdT16cgam4vmS3tOE31xTb1cizB5wIDAQAB"
)
_SA = "_domainkey.sa-test.spamassassin.org"
KEYS: dict[str, str] = {
    # RFC 8463, appendix A.2
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com": _rsa(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3"
        "FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    ),
    "default._domainkey.ekiri.ee": _rsa(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDweRHLL9VRaEYrU6BeueH5aUWkSYYQA02MzcXfYyZGR2WWvMYOlJYPo2JgazbQnIV0S5xt/3e9rb"
        "nR8GMJNJxWqyAYAS0bNF4UatJ9f9C334Rn26308pmYYCZ+YaKFxtlKMndSjH8xgfnKMk5/Lsq/+E/8gl3PXvO9vo15CfcgEQIDAQAB"
    ),
    "arc-20160816._domainkey.google.com": _rsa(
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1Lztpxs7yUxQEsbDFhjMc9kZVZu5P/COYEUIX4B39IL4SXAbv4viIlT9E6F6iZmTh1go7+"
        "9WQLywwgwjXMJx/Dz0RgMoPeyp5NRy4l320DPYibNqVMWa5iQ2WiImQC0en1O9uhLLvzaSZJ03fvGmCo9jMo0GwKzLNe14xMgn/px2L5N/3IKlKX4b"
        "qUAJTUt8L993ZlWzvgMnSFSt8B+euSKSrtAiopdy4r1yO4eN5goBASrGW0eLQc1lYouNvCrcTQpos4/GEAqiGzpqueJLmBfOO4clNvVvpPkvQs2BHw"
        "9I9LmIjaMxTNGxkGBRaP3utDiKXXqu1K+LRzl0HCNSdQIDAQAB"
    ),
    "smtp._domainkey.out.srv.dev": _rsa(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDl0SN+1X9IJS1HWUeYxCIR9LdhenEKA7j22A2vxuDFUDRVR6Ewt5z+IaykIcghanxBlRUs8aU4hL"
        "/Vpw/OGi8lDrVfa16llZYgSaiR0oCcF3jCe1OnJ42svblqk5PDCWOaDiWpcCuYZs29es/XhVmnt4nZdSseSBlrQ4j3rGmdQwIDAQAB"
    ),
    "krs._domainkey.eu.mailgun.org": _rsa(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDExBgtjHZNeJL5aHSIxhbV2jqSkz4GXmjwSeW6JyMYg+/VL3hYYoyhoThSIFeq0gpvjGNINKlekg"
        "k/1VgULyLNh8BrDq1b0jhB4Ntl1MZ6w5xUxomV3HtthChhtoNzLFQU6fLnnATUMGtlArxHOLo+Zgh5Jocj1c/Ynl4yV0/ZIwIDAQAB"
    ),
    "oct2016._domainkey.zonevs.eu": _ZONEVS,
    "oct2016._domainkey.srs3.zonevs.eu": _ZONEVS,
    f"t0768.{_SA}": _rsa(
        "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhANdouk15zy1yCtDDKgMeLmPe6/nCB5n38+j6XWHQQhN8FutU8nWLnOoj/DMtyhvJIQZNc0+thLKingyysq"
        "Ese6TYxQrBMRyI8dC8iBpXqSPvwfChFgZ+tucS/wly91p0rQIDAQAB"
    ),
    f"t1024a.{_SA}": _SA_1024,
    f"t1024b.{_SA}": _SA_1024,
    f"t1024c.{_SA}": _SA_1024,
    f"t1024d.{_SA}": _SA_1024,
    f"t2048a.{_SA}": _SA_2048,
    f"t2048b.{_SA}": _SA_2048,
}
