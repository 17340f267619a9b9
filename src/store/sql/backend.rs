//! What the two databases do differently: types on the way in and out, and the wording of
//! faults. Everything above speaks one SQL, with `$1` for parameters.

use sqlx::query::Query;
use sqlx::{ColumnIndex, Database, Decode, Encode, Row as _, Type, TypeInfo as _, ValueRef as _};

use super::SqlStore;
use crate::store::{Leases, StoreError};

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Text(&'a str),
    Int(i64),
    /// A number that may be missing.
    Maybe(Option<i64>),
    Bytes(&'a [u8]),
}

/// A column's value.
#[derive(Debug, Clone)]
pub enum Cell {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
    Null,
}

/// A row, read from its first column to its last.
pub struct Row(std::vec::IntoIter<Cell>);

impl Row {
    pub fn text(&mut self) -> Result<String, sqlx::Error> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(text),
            other => Err(unexpected("text", &other)),
        }
    }

    pub fn int(&mut self) -> Result<i64, sqlx::Error> {
        match self.0.next() {
            Some(Cell::Int(int)) => Ok(int),
            other => Err(unexpected("a number", &other)),
        }
    }

    pub fn bytes(&mut self) -> Result<Vec<u8>, sqlx::Error> {
        match self.0.next() {
            Some(Cell::Bytes(bytes)) => Ok(bytes),
            other => Err(unexpected("bytes", &other)),
        }
    }
}

fn unexpected(wanted: &str, found: &Option<Cell>) -> sqlx::Error {
    let found = match found {
        None => "no column",
        Some(Cell::Text(_)) => "text",
        Some(Cell::Int(_)) => "a number",
        Some(Cell::Bytes(_)) => "bytes",
        Some(Cell::Null) => "nothing",
    };
    sqlx::Error::Decode(format!("{wanted} was expected, {found} was found").into())
}

/// A database that a store can be in.
#[async_trait::async_trait]
pub trait Backend: Database {
    /// Begins a transaction that may write.
    const BEGIN: &'static str;

    /// Tells how many rows were changed.
    async fn execute(on: &mut Self::Connection, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error>;

    async fn fetch(on: &mut Self::Connection, sql: &'static str, values: &[Value<'_>])
    -> Result<Vec<Row>, sqlx::Error>;

    /// `place` names the store to its user.
    fn told(place: &str, error: &sqlx::Error) -> StoreError;

    /// `None`: one process works on it, and a file lock says which.
    fn leases(store: &SqlStore<Self>) -> Option<&dyn Leases>;
}

/// [`mod@sqlx::query`] with its parameters.
pub fn query<'q, DB>(sql: &'static str, values: &[Value<'q>]) -> Query<'q, DB, DB::Arguments>
where
    DB: Database,
    &'q str: Encode<'q, DB> + Type<DB>,
    &'q [u8]: Encode<'q, DB> + Type<DB>,
    i64: Encode<'q, DB> + Type<DB>,
    Option<i64>: Encode<'q, DB>,
{
    values.iter().fold(sqlx::query(sql), |query, value| match *value {
        Value::Text(text) => query.bind(text),
        Value::Int(int) => query.bind(int),
        Value::Maybe(int) => query.bind(int),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// A row of columns of the types we use, by the names the databases have for them.
pub fn row<'r, DB>(row: &'r DB::Row) -> Result<Row, sqlx::Error>
where
    DB: Database,
    usize: ColumnIndex<DB::Row>,
    String: Decode<'r, DB> + Type<DB>,
    i64: Decode<'r, DB> + Type<DB>,
    Vec<u8>: Decode<'r, DB> + Type<DB>,
{
    let cell = |at: usize| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Cell::Null);
        }
        let name = raw.type_info().name().to_owned();
        Ok(match name.as_str() {
            "INTEGER" | "INT8" => Cell::Int(row.try_get(at)?),
            "BLOB" | "BYTEA" => Cell::Bytes(row.try_get(at)?),
            _ => Cell::Text(row.try_get(at)?),
        })
    };
    Ok(Row((0..row.len()).map(cell).collect::<Result<Vec<Cell>, sqlx::Error>>()?.into_iter()))
}
