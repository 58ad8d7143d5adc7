//! Writes the files of a recording on a thread of its own, so that a run does not wait for a disk.
//!
//! A flush waits for the disk several times, for milliseconds each. The run hands its rows over and
//! goes on; when the disk is still busy with the last hand-over, rows stay in memory and go with
//! the next one. Only a step that the disk has confirmed counts as flushed.

use crate::hdf5::error::FileError;
use crate::hdf5::growing::{Column, Dataset, Element, Growing};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;

/// Bytes of rows that are worth handing over without a flush.
const ENOUGH: usize = 1 << 20;
/// Bytes of rows above which the run does wait for the disk.
const TOO_MUCH: usize = 1 << 26;

/// Files that grow, from the side of the run.
pub(crate) struct Writing {
    path: PathBuf,
    /// The columns of each file.
    columns: Vec<Vec<Buffer>>,
    /// Gone when the thread was told to end.
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<Result<Vec<Growing>, FileError>>>,
    confirmed: Arc<AtomicI64>,
    /// Buffers that the thread has emptied: fresh memory costs more than filling it.
    emptied: Receiver<Vec<u8>>,
}

/// Rows of a column that have not been handed over.
struct Buffer {
    column: Column,
    element: Element,
    row_bytes: usize,
    bytes: Vec<u8>,
    /// Rows that have been handed over.
    before: u64,
}

struct Order {
    /// File, column and bytes to append.
    rows: Vec<(usize, Column, Vec<u8>)>,
    /// Flush, and confirm this step.
    flush: Option<i64>,
    /// Told when it is done.
    done: Option<SyncSender<()>>,
}

impl Writing {
    /// Starts the thread. Confirmed steps are written to a number in the first file.
    pub(crate) fn start(files: Vec<Growing>, flushed_until: Dataset, confirmed: i64) -> Writing {
        let buffer = |file: &Growing, column: Column| Buffer {
            column,
            element: file.element(column),
            row_bytes: file.row_bytes(column),
            bytes: Vec::new(),
            before: file.rows(column),
        };
        let buffers = |file: &Growing| file.columns().map(|column| buffer(file, column)).collect();
        let (path, columns) = (files[0].path().to_path_buf(), files.iter().map(buffers).collect());
        let confirmed = Arc::new(AtomicI64::new(confirmed));
        let (orders, taken) = sync_channel(1);
        let (empty, emptied) = channel();
        let shared = Arc::clone(&confirmed);
        let thread = std::thread::spawn(move || obey(files, &taken, flushed_until, &shared, &empty));
        Writing { path, columns, orders: Some(orders), thread: Some(thread), confirmed, emptied }
    }

    /// Appends bytes to a column of a file; rows count once they are whole.
    #[inline]
    pub(crate) fn append(&mut self, file: usize, column: Column, bytes: &[u8]) {
        self.columns[file][column.number()].bytes.extend_from_slice(bytes);
    }

    /// Appends a number of eight bytes for each item to a column of a file.
    pub(crate) fn append_each<T>(
        &mut self,
        file: usize,
        column: Column,
        items: &[T],
        number: impl Fn(&T) -> [u8; 8],
    ) {
        let bytes = &mut self.columns[file][column.number()].bytes;
        let mut block = [[0; 8]; 32];
        for items in items.chunks(block.len()) {
            block.iter_mut().zip(items).for_each(|(place, item)| *place = number(item));
            bytes.extend_from_slice(block[..items.len()].as_flattened());
        }
    }

    /// Appends a number to a column of a file.
    #[inline]
    pub(crate) fn append_number(&mut self, file: usize, column: Column, value: f64) {
        let buffer = &mut self.columns[file][column.number()];
        buffer.element.put(value, &mut buffer.bytes);
    }

    /// How many rows a column has, written or not.
    pub(crate) fn rows(&self, file: usize, column: Column) -> u64 {
        let buffer = &self.columns[file][column.number()];
        buffer.before + (buffer.bytes.len() / buffer.row_bytes) as u64
    }

    /// The last step that is safely in the files.
    pub(crate) fn confirmed(&self) -> i64 {
        self.confirmed.load(Ordering::Acquire)
    }

    /// Whether the files are closed or had to be given up.
    pub(crate) fn ended(&self) -> bool {
        self.orders.is_none()
    }

    /// Hands rows over if there are many.
    pub(crate) fn hand_over(&mut self) -> Result<(), FileError> {
        if self.pending() < ENOUGH { Ok(()) } else { self.order(None) }
    }

    /// Lets everything up to step `step` become safe, sooner or later.
    pub(crate) fn flush(&mut self, step: i64) -> Result<(), FileError> {
        self.order(Some(step))
    }

    /// Makes everything up to step `step` safe, and waits for it.
    pub(crate) fn flush_and_wait(&mut self, step: i64) -> Result<(), FileError> {
        let (done, is_done) = sync_channel(1);
        let order = Order { rows: self.take(), flush: Some(step), done: Some(done) };
        let sent = self.orders.as_ref().is_some_and(|orders| orders.send(order).is_ok());
        if sent && is_done.recv().is_ok() { Ok(()) } else { Err(self.failure()) }
    }

    /// Writes all rows and gives the files back.
    pub(crate) fn end(&mut self) -> Result<Vec<Growing>, FileError> {
        let order = Order { rows: self.take(), flush: None, done: None };
        if let Some(orders) = self.orders.take() {
            // If the thread has failed, it says why when it is joined.
            drop(orders.send(order));
        }
        self.join()
    }

    fn pending(&self) -> usize {
        self.columns.iter().flatten().map(|buffer| buffer.bytes.len()).sum()
    }

    fn take(&mut self) -> Vec<(usize, Column, Vec<u8>)> {
        let emptied = &self.emptied;
        let files = self.columns.iter_mut().enumerate();
        let buffers = files.flat_map(|(file, buffers)| buffers.iter_mut().map(move |buffer| (file, buffer)));
        let full = buffers.filter(|(_, buffer)| !buffer.bytes.is_empty());
        full.map(|(file, buffer)| {
            buffer.before += (buffer.bytes.len() / buffer.row_bytes) as u64;
            let next = emptied.try_recv().unwrap_or_default();
            (file, buffer.column, std::mem::replace(&mut buffer.bytes, next))
        })
        .collect()
    }

    fn order(&mut self, flush: Option<i64>) -> Result<(), FileError> {
        let patient = self.pending() < TOO_MUCH;
        let Some(orders) = self.orders.clone() else { return Err(self.failure()) };
        let order = Order { rows: self.take(), flush, done: None };
        let sent = if patient { orders.try_send(order) } else { orders.send(order).map_err(Into::into) };
        match sent {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(order)) => {
                self.put_back(order);
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(self.failure()),
        }
    }

    fn put_back(&mut self, order: Order) {
        for (file, column, bytes) in order.rows {
            let buffer = &mut self.columns[file][column.number()];
            buffer.before -= (bytes.len() / buffer.row_bytes) as u64;
            buffer.bytes = bytes;
        }
    }

    /// Why the thread took no more orders.
    fn failure(&mut self) -> FileError {
        self.orders = None;
        match self.join() {
            Err(error) => error,
            Ok(_) => FileError::new(&self.path, "the recording has been closed"),
        }
    }

    fn join(&mut self) -> Result<Vec<Growing>, FileError> {
        let closed = || FileError::new(&self.path, "the recording has been closed");
        let broken = |_| Err(FileError::new(&self.path, "writing the recording broke off"));
        self.thread.take().ok_or_else(closed)?.join().unwrap_or_else(broken)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Without the thread's end the files might be left half closed.
        if self.thread.is_some() {
            drop(self.end());
        }
    }
}

fn obey(
    mut files: Vec<Growing>,
    orders: &Receiver<Order>,
    flushed_until: Dataset,
    confirmed: &AtomicI64,
    empty: &Sender<Vec<u8>>,
) -> Result<Vec<Growing>, FileError> {
    for order in orders {
        for (file, column, mut bytes) in order.rows {
            files[file].append(column, &bytes);
            files[file].drain()?;
            // Large ones, of many weights at once, are not kept.
            if bytes.capacity() <= 2 * ENOUGH {
                bytes.clear();
                // Nobody fills it any more if this fails.
                let _ = empty.send(bytes);
            }
        }
        if let Some(step) = order.flush {
            files.iter_mut().try_for_each(Growing::flush)?;
            // Only now, when all of it is in the files, the step is confirmed.
            files[0].overwrite(flushed_until, &step.to_le_bytes())?;
            confirmed.store(step, Ordering::Release);
        }
        if let Some(done) = order.done {
            // Nobody waits any more if this fails.
            let _ = done.send(());
        }
    }
    Ok(files)
}
