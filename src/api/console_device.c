/* Devices on which somebody has logged in: known from then on, and told of when they are new
 * (access/device.h). */
#include "api/console_inside.h"

#include "audit/event.h"
#include "store/unit_wait.h"

#include <stdio.h>

typedef struct DeviceWrite {
    Unit unit;
    Device device; /* in: principal, name, status */
    char actor[CONSOLE_ACTOR_BYTES_MAX + 1];
} DeviceWrite;

static Status write_gather(Unit *unit, Rows *rows)
{
    const DeviceWrite *work = (const DeviceWrite *)unit;
    Device before;
    bool found = false;
    return device_get(rows, work->device.principal, work->device.name, &before, &found);
}

static Status write_row(DeviceWrite *work, Rows *rows)
{
    Device before;
    bool found = false;
    Device *device = &work->device;
    TRY(device_get(rows, device->principal, device->name, &before, &found));
    device->added_us = found ? before.added_us : rows_now_us(rows);
    if (!found) return device_insert(rows, device);
    return device_update(rows, device);
}

static Status write_run(Unit *unit, Rows *rows)
{
    DeviceWrite *work = (DeviceWrite *)unit;
    uint8_t memory[AUDIT_EVENT_BYTES_MAX];
    Buffer event = BUFFER_OF(memory);
    const bool added = work->device.status == STATUS_LIVE;
    TRY(write_row(work, rows));
    const AuditEvent said = { .kind = AUDIT_DEVICE,
        .actor = span_of_text(work->actor),
        .subject = span_of_text(work->device.name),
        .detail = added ? SPAN("new") : SPAN("forgotten"),
        .from = rows_from(rows) };
    TRY(audit_event_put(&event, &said));
    return rows_event(rows, span_of_buffer(&event));
}

static Status write_device(
        ConsoleCall *call, const Principal *principal, const char *name, RegisterStatus status)
{
    House *house = call->house;
    DeviceWrite work = { .unit = { .gather = write_gather, .run = write_run, .from = call->from },
        .device = { .status = status } };
    console_actor(principal, work.actor);
    snprintf(work.device.principal, sizeof(work.device.principal), "%s", principal->id);
    snprintf(work.device.name, sizeof(work.device.name), "%s", name);
    TRY(unit_wait(house->batcher, &work.unit));
    return device_book_put(house->devices, &work.device);
}

/* A secret of ours, never one that a browser brought along: nobody plants a device. */
static Status fresh_secret(ConsoleCall *call)
{
    uint8_t bytes[CONSOLE_DEVICE_BYTES];
    TRY(random_fill(&call->house->random, bytes, sizeof(bytes)));
    TRY(secret_set(&call->device, SPAN_OF(bytes)));
    bytes_wipe(bytes, sizeof(bytes));
    sha256(secret_span(&call->device), call->device_digest);
    device_name(call->device_digest, call->device_name);
    call->device_cookie = COOKIE_SET;
    return OK;
}

Status console_device_of_login(ConsoleCall *call, const Principal *principal)
{
    House *house = call->house;
    Device list[DEVICES_EACH_MAX];
    const Span who = span_of_text(principal->id);
    const bool ours =
            call->device.size > 0 && device_book_knows_of(house->devices, call->device_name);
    if (ours && device_book_knows(house->devices, who, call->device_name)) return OK;
    if (!ours) TRY(fresh_secret(call));
    const size_t count = device_book_list(house->devices, who, list);
    if (count == DEVICES_EACH_MAX) TRY(write_device(call, principal, list[0].name, STATUS_CLOSED));
    TRY(write_device(call, principal, call->device_name, STATUS_LIVE));
    if (count == 0) return OK; /* his first */
    return console_alert(house, ALERT_DEVICE_NEW, who, REFUSE(REFUSED_DEVICE_UNKNOWN));
}

/* His sessions that began on it; the one that asks, too, when it is its own. */
static void end_sessions(ConsoleCall *call, const char *forgotten)
{
    Session all[SESSIONS_EACH_MAX];
    char name[DEVICE_NAME_BYTES + 1];
    const SessionOwner owner = console_session_owner(call);
    const size_t count = session_list_of(call->house->sessions, &owner, all);
    for (size_t i = 0; i < count; i++) {
        device_name(all[i].device, name);
        if (strcmp(name, forgotten) != 0) continue;
        IGNORE(session_end_number(call->house->sessions, &owner, all[i].number),
                "it ended by itself meanwhile");
    }
}

Status console_device_forget(ConsoleCall *call, Span name)
{
    char text[DEVICE_NAME_BYTES + 1] = { 0 };
    ASSERT(name.size == DEVICE_NAME_BYTES); /* the table of fields says so */
    memcpy(text, name.data, name.size);
    const Span who = span_of_text(call->principal.id);
    REQUIRE(device_book_knows(call->house->devices, who, text), REFUSED_DEVICE_UNKNOWN);
    TRY(write_device(call, &call->principal, text, STATUS_CLOSED));
    end_sessions(call, text);
    return OK;
}
