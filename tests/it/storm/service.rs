//! Service of one request: delays, faults and edits around the emulated zone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use tokio::time::{Instant, sleep};
use zonal::provider::transport::{Transport, TransportError, TransportFuture};

use super::contents::{TABLES, current, in_body};
use super::fate::{Fault, RequestRole, ServerHabit};
use super::gateway::GatewayCall;
use super::network::{ProcessedPut, Reading, StormCall, StormNetwork, StormState, TablePlace};
use super::shortness::{ShortAnswer, Shortness};

impl StormNetwork {
    /// Lets the zone process a request, and checks what a PUT overwrites.
    async fn handle(
        &self,
        call: &StormCall,
        gateway: Option<&GatewayCall>,
        request: http::Request<Bytes>,
    ) -> Result<(http::Response<Bytes>, Instant), TransportError> {
        if let Some(gateway) = gateway {
            self.edit_before_write(gateway);
            let processed = Instant::now();
            if let Some(answer) = self.unserved_answer(gateway) {
                return Ok((answer, processed));
            }
            let response = self.inner.send(request).await?;
            self.check_gateway_processed(call.process, gateway, response.status().as_u16());
            return Ok((response, processed));
        }
        let processed = Instant::now();
        let place = call.place().filter(|place| self.has_table(place));
        let Some(place) = place else { return Ok((self.inner.send(request).await?, processed)) };
        self.show(false);
        if !call.is_put {
            if let Some(answer) = self.old_answer(&place, call) {
                return Ok((answer, processed));
            }
            let response = self.inner.send(request).await?;
            return Ok((self.shortened(&place, response), processed));
        }
        let before = current(&self.control, &place.0, &place.1);
        let response = self.inner.send(request).await?;
        if response.status().is_success() {
            let after = current(&self.control, &place.0, &place.1);
            self.check_overwritten(call, (&place.0, &place.1), &before, &after);
            self.count_rows(&place.0, &place.1);
            self.count("Processed PUT");
            let state = &mut *self.state();
            state.puts += 1;
            let mut before = before;
            // No image can show an edit between the reading and the PUT.
            if let Some(reading) = &call.reading {
                let unseen = state.edits.iter().filter(|((zone, table, ..), edited)| {
                    (zone, table) == (&place.0, &place.1) && **edited >= reading.processed
                });
                for ((_, _, key, field), _) in unseen {
                    let cell = (key.clone(), field.clone());
                    let is_created = !reading.cells.keys().any(|(row, _)| row == key);
                    match after.get(&cell) {
                        Some(value) if !is_created => drop(before.insert(cell, value.clone())),
                        Some(_) | None => drop(before.remove(&cell)),
                    }
                }
            }
            let process = state.processes.entry(call.process).or_default();
            process.written.push(ProcessedPut { place, before, after });
        }
        Ok((response, processed))
    }

    fn has_table(&self, (zone, table): &TablePlace) -> bool {
        TABLES.contains(&table.as_str()) && self.zones.iter().any(|(code, _)| code == zone)
    }

    /// Returns the answer without some rows, while the zone gives such answers.
    fn shortened(&self, place: &TablePlace, response: http::Response<Bytes>) -> http::Response<Bytes> {
        let shortness = match self.state().short_until.get(place) {
            Some((until, shortness)) if *until > Instant::now() => *shortness,
            _ => return response,
        };
        let known = self.known_rows(place);
        let Some((body, short)) =
            shortness.shorten(response.body(), known).filter(|_| response.status() == 200)
        else {
            return response;
        };
        let (mut head, _) = response.into_parts();
        head.extensions.insert(short);
        self.count("Short answer");
        http::Response::from_parts(head, body)
    }

    /// Returns true if the last PUT of a process set rows.
    fn has_own_rows(&self, process: usize, place: &TablePlace) -> bool {
        let state = self.state();
        let puts = state.processes.get(&process).into_iter().flat_map(|process| &process.written);
        let last = puts.rev().find(|put| put.place == *place);
        last.is_some_and(|put| put.after.iter().any(|(cell, value)| put.before.get(cell) != Some(value)))
    }

    /// Lets the server change a row of others after a PUT.
    fn mangle_after(&self, call: &StormCall, fault: Option<Fault>) {
        let habit = self.state().weather.servers;
        let is_mangling = match habit {
            ServerHabit::Faithful => fault == Some(Fault::Mangled),
            ServerHabit::AllMangle => true,
            ServerHabit::OneMangles(number) => {
                let zone = self.zones.get(number % self.zones.len());
                zone.is_some_and(|(code, _)| *code == call.zone) || fault == Some(Fault::Mangled)
            }
        };
        let Some(place) = call.place().filter(|place| self.has_table(place)) else { return };
        // After a PUT that only deletes rows, no row shows the user of the API. A recovery then takes a change by
        // the server for an edit by that user.
        let may_die = self.state().processes.get(&call.process).is_some_and(|process| process.may_die);
        let is_mangling = is_mangling && (!may_die || self.has_own_rows(call.process, &place));
        let mangled = is_mangling.then(|| self.mangle(&place, &call.language)).flatten();
        if mangled.is_some() {
            self.trace(|| format!("{} mangles {place:?}", call.process));
            self.count("Mangled row");
        }
        let after = current(&self.control, &place.0, &place.1);
        let mut state = self.state();
        let process = state.processes.entry(call.process).or_default();
        match mangled {
            Some(key) => drop(process.mangled.insert((place.0.clone(), place.1.clone(), key))),
            None => process.clean[usize::from(place.1 == "M1")] = true,
        }
        if let Some(put) = process.written.iter_mut().rev().find(|put| put.place == place) {
            put.after = after;
        }
    }

    /// Returns the answer from before a PUT, as long as the zone still shows it.
    fn old_answer(&self, place: &(String, String), call: &StormCall) -> Option<http::Response<Bytes>> {
        let mut state = self.state();
        let (until, _, bodies) = state.old_answers.get(place)?;
        if *until <= Instant::now() {
            state.old_answers.remove(place);
            return None;
        }
        let body = bodies.get(&call.target)?.clone();
        let response = http::Response::builder().status(200).header("content-type", "application/json");
        response.body(body).ok()
    }

    /// Keeps the answer from before a PUT visible for a while.
    async fn keep_old_answer(&self, call: &StormCall) {
        let Some(place) = call.place() else { return };
        let until = Instant::now() + Duration::from_millis(self.state().random.pick(&[300, 900, 2_400]));
        let cells = current(&self.control, &place.0, &place.1);
        let request = http::Request::builder()
            .uri(format!("http://storm{}", call.target))
            .header(AUTHORIZATION, format!("apikey read-{}", call.zone))
            .header("accept", "application/json");
        let Ok(request) = request.body(Bytes::new()) else { return };
        if let Ok(answer) = self.inner.send(request).await
            && answer.status() == 200
        {
            let bodies = BTreeMap::from([(call.target.clone(), answer.into_body())]);
            self.state().old_answers.insert(place, (until, cells, bodies));
        }
    }

    /// Serves one request, also if its process is dead by now.
    async fn serve(
        self,
        call: StormCall,
        gateway: Option<GatewayCall>,
        request: http::Request<Bytes>,
        fault: Option<Fault>,
        (before, after): (Duration, Duration),
    ) -> Result<(http::Response<Bytes>, Instant), TransportError> {
        wait(before).await;
        self.edit_by_chance();
        match (fault, call.place().filter(|place| self.has_table(place))) {
            (Some(Fault::Short(shortness)), Some(place)) => {
                let mut state = self.state();
                let time = Duration::from_millis(state.random.pick(&[300, 1_500, 60_000, 120_000]));
                // Without an accepted number, nobody can tell half of a table from the whole.
                let process = state.processes.get(&call.process);
                let is_known = process.is_some_and(|process| process.planned_rows.contains_key(&place));
                let is_evident = state.accepted.is_some() || is_known || shortness.is_evident();
                let shortness = if is_evident { shortness } else { Shortness::LargerTotal };
                state.short_until.insert(place, (Instant::now() + time, shortness));
            }
            (Some(Fault::Hidden), Some(place)) => self.hide(&place),
            (Some(Fault::Unserved), _) => self.unserve(),
            _ => {}
        }
        let mut answer = None;
        if fault.is_none_or(|fault| !fault.stops_before()) {
            if fault == Some(Fault::OldAnswer) {
                self.keep_old_answer(&call).await;
            }
            let handled = self.handle(&call, gateway.as_ref(), request).await?;
            if call.is_put && handled.0.status().is_success() {
                self.mangle_after(&call, fault);
            }
            answer = Some(handled);
        }
        self.edit_by_chance();
        wait(after).await;
        let processed = answer.as_ref().map_or_else(Instant::now, |(_, processed)| *processed);
        let response = answer.map(|(response, _)| response);
        match (fault, response) {
            (Some(fault), response) => Ok((fault.result(response)?, processed)),
            (None, Some(response)) => Ok((response, processed)),
            (None, None) => Err(TransportError::Lost("unreachable zone (storm)".into())),
        }
    }
}

/// Waits; a wait of nothing does not let other tasks run.
async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn table_of(target: &str) -> Option<&str> {
    let path = target.split('?').next()?;
    path.rsplit_once("-tables/").map(|(_, table)| table)
}

/// Transport of one process.
#[derive(Clone)]
pub struct StormTransport {
    pub network: StormNetwork,
    pub process: usize,
}

impl StormTransport {
    fn call(&self, request: &http::Request<Bytes>) -> StormCall {
        let key = request.headers().get(AUTHORIZATION).and_then(|key| key.to_str().ok()).unwrap_or_default();
        let zone = key.rsplit_once('-').map_or("", |(_, zone)| zone).to_owned();
        let target = request.uri().path_and_query().map_or("", |target| target.as_str()).to_owned();
        let named = target.split_once("lang=").map(|(_, rest)| rest.split('&').next().unwrap_or(rest));
        let own = self.network.zones.iter().find(|(code, _)| *code == zone).map(|(_, language)| *language);
        let language = named.or(own).unwrap_or("en").to_owned();
        let table = table_of(&target).map(str::to_owned);
        let is_put = request.method() == http::Method::PUT;
        let may_write = key.contains("write");
        StormCall { process: self.process, zone, table, target, language, is_put, may_write, reading: None }
    }

    /// Draws the fault and the delays of a request.
    fn draw(&self, role: RequestRole) -> (Option<Fault>, (Duration, Duration)) {
        let mut state = self.network.state();
        let StormState { random, weather, happened, processes, haste, .. } = &mut *state;
        let process = processes.entry(self.process).or_default();
        process.requests += 1;
        *happened.entry("Request".to_owned()).or_default() += 1;
        process.puts_sent += usize::from(role == RequestRole::TableWrite);
        let is_fatal_put =
            role == RequestRole::TableWrite && process.killed_at_put == Some(process.puts_sent);
        if process.killed_at == Some(process.requests) || is_fatal_put {
            process.kill.notify_one();
        }
        let fault = random.percent(weather.faults).then(|| Fault::random(random, role));
        let (mut before, mut after) = (random.duration(weather.latency), random.duration(weather.latency));
        if let Some(fault) = fault {
            let (more_before, more_after) = fault.delays(random);
            before += more_before;
            after += more_after;
            *happened.entry(fault.name()).or_default() += 1;
        }
        (fault, (before / *haste, after / *haste))
    }

    fn remember(&self, call: &StormCall, response: &http::Response<Bytes>, processed: Instant) {
        if call.is_put || call.table.is_none() || response.status() != 200 {
            return;
        }
        let Some(cells) = in_body(response.body(), &call.language) else { return };
        let answered = self.network.uptime();
        let mut state = self.network.state();
        let process = state.processes.entry(self.process).or_default();
        let short = response.extensions().get::<ShortAnswer>().copied();
        let reading = Reading { number: process.requests, cells, processed, answered, short };
        process.readings.insert(call.reading_place(), Arc::new(reading));
    }
}

impl Transport for StormTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let mut call = self.call(&request);
            let gateway = GatewayCall::of(&request);
            let role = match (&gateway, &call.table, call.is_put) {
                (Some(gateway), _, _) => gateway.role(),
                (None, Some(_), true) => RequestRole::TableWrite,
                (None, Some(_), false) => RequestRole::TableRead,
                (None, None, _) => RequestRole::Other,
            };
            if call.may_write
                && self.network.state().processes.entry(self.process).or_default().planned.is_none()
            {
                self.network.planned(self.process);
            }
            let (fault, delays) = self.draw(role);
            let (method, number) = (request.method().clone(), self.process);
            self.network
                .trace(|| format!("{number} > {method} {} {} {fault:?} {delays:?}", call.zone, call.target));
            match &gateway {
                Some(gateway) => self.network.check_gateway_write(self.process, gateway),
                None if call.is_put => call.reading = self.network.check_sent(&call, request.body()),
                None => {}
            }
            // The request is on its way, whatever becomes of its process.
            let service = self.network.clone().serve(call.clone(), gateway.clone(), request, fault, delays);
            let served = tokio::spawn(service).await.map_err(|error| TransportError::Lost(error.into()))?;
            if fault.is_some_and(Fault::hangs) {
                return std::future::pending().await;
            }
            if let Err(error) = &served {
                self.network.trace(|| format!("{number} < {} {} {error:?}", call.zone, call.target));
            }
            let (response, processed) = served?;
            self.network
                .trace(|| format!("{number} < {method} {} {} {}", call.zone, call.target, response.status()));
            match &gateway {
                Some(gateway) => self.network.remember_gateway(self.process, gateway, &response),
                None => self.remember(&call, &response, processed),
            }
            Ok(response)
        })
    }

    fn uptime(&self) -> Option<Duration> {
        Some(self.network.uptime())
    }
}
