"""The app keeps data in a database outside of the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forgeward.prevent.findings import Grade
from forgeward.prevent.flow.analysis import Analysis
from forgeward.prevent.flow.values import MASK
from forgeward.prevent.rules.base import HIGH, Hit, Rule
from forgeward.prevent.syntax import kinds as k

_DRIVERS = re.compile(
    r"^(pg|pg-promise|postgres|mysql2?|mariadb|mongodb|mongoose|redis|ioredis|@redis/client|@upstash/redis|cassandra-driver|"
    r"mssql|tedious|oracledb|knex|sequelize|typeorm|@prisma/client|@supabase/supabase-js|firebase|firebase-admin|"
    r"@planetscale/database|@neondatabase/serverless|faunadb|couchbase|nano|neo4j-driver|@aws-sdk/(client-dynamodb|"
    r"client-s3|lib-dynamodb)|@google-cloud/(firestore|storage|bigquery|datastore)|@azure/(cosmos|storage-blob|data-tables)|"
    r"airtable|@elastic/elasticsearch|@opensearch-project/opensearch|dynamoose)(/|$)"
)


def check(analysis: Analysis) -> Iterator[Hit]:
    """Imports of database drivers and stores in the backend; each once."""
    told: set[str] = set()
    for node in analysis.nodes(k.IMPORT, modules=analysis.backend):
        spec = analysis.module_of(node).text[node & MASK].partition("\0")[0]
        if _DRIVERS.match(spec) and spec not in told:
            told.add(spec)
            yield Hit(node, f"{spec} keeps data outside of Forge storage.", HIGH, subject=(spec,))


RULE = Rule(
    id="platform-database",
    category="platform",
    title="Database outside of the platform",
    severity=Grade.MEDIUM,
    cwe=("CWE-668",),
    vector="CVSS:4.0/AV:N/AC:H/AT:P/PR:L/UI:N/VC:H/VI:N/VA:N/SC:L/SI:N/SA:N",
    promises=("TC-2", "P-1", "TC-5", "O-3"),
    requirement="State where data is stored; isolate tenants there.",
    why=(
        "The policy promises that data stays in Forge-managed storage. Elsewhere the vendor answers for isolation "
        "between customers, encryption, residency, deletion, and one more sub-processor."
    ),
    fix="Use Forge key-value storage, custom entities or Forge SQL.",
    example="""\
import sql from '@forge/sql';
const rows = await sql.prepare('SELECT id FROM notes WHERE issue = ?').bindParams(id).execute();
""",
    links=("https://developer.atlassian.com/platform/forge/storage/",),
    check=check,
)
