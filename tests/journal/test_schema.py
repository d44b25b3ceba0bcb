from __future__ import annotations

import pytest
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.schema import CreateTable

from unitune.journal import open_journal
from unitune.journal.schema import metadata

DIALECTS = [sqlite, postgresql, mysql, oracle, mssql]


def made(table, dialect):
    return str(CreateTable(metadata.tables[table]).compile(dialect=dialect.dialect()))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("table", metadata.tables)
def test_tables_can_be_made_in_every_database_that_sqlalchemy_brings(table, dialect):
    assert f"CREATE TABLE {table}" in made(table, dialect)


@pytest.mark.parametrize(
    ("dialect", "column"),
    [
        (mysql, "data TEXT(4294967295) NOT NULL"),
        (mysql, "COLLATE utf8mb4_bin"),
        (mysql, "ENGINE=InnoDB"),
        (oracle, "data CLOB NOT NULL"),
        (oracle, "value BINARY_DOUBLE"),
        (oracle, '"number" NUMBER(19)'),
        (mssql, "value DOUBLE PRECISION"),
        (postgresql, "data TEXT NOT NULL"),
        (sqlite, "WITHOUT ROWID"),
    ],
)
def test_columns_have_room_for_what_they_hold(dialect, column):
    assert column in made("unitune_events", dialect)


def test_names_of_studies_are_unicode_everywhere():
    assert "name NVARCHAR(500)" in made("unitune_studies", mssql)


def test_the_tables_in_mysql_are_what_was_asked_for(mysql_database, mysql_do):
    open_journal(f"{mysql_database}?lease=9").close()
    listed = mysql_do(
        mysql_database,
        "SELECT table_name, engine, table_collation FROM information_schema.tables "
        "WHERE table_schema = DATABASE()",
    )
    assert sorted(listed) == [(name, "InnoDB", "utf8mb4_bin") for name in sorted(metadata.tables)]
    columns = mysql_do(
        mysql_database,
        "SELECT data_type FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND column_name IN ('data', 'header', 'driver')",
    )
    assert columns == (("longtext",),) * 3
