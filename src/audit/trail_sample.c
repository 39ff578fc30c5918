#include "audit/trail_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const StoreSchema *const log_schemas[] = { &audit_schema };

Status trail_sample_open(TrailSample *s)
{
    *s = (TrailSample) { .folder = "/tmp/hufu-trail-XXXXXX", .time_us = 1800000000000000 };
    CHECK(mkdtemp(s->folder) != NULL, FAULT_SYSTEM);
    snprintf(s->database, sizeof(s->database), "%s/hufu.db", s->folder);
    snprintf(s->index, sizeof(s->index), "%s/trail.db", s->folder);
    const StoreConfig config = { .path = s->database, .schemas = log_schemas, .schema_count = 1 };
    TRY(store_open(&config, &s->store));
    return store_execute(s->store, "PRAGMA synchronous=OFF", NULL, 0);
}

void trail_sample_close(TrailSample *s)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    const char *const files[] = { s->database, s->index };
    if (s->store != NULL) store_close(s->store);
    for (size_t i = 0; i < 6; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", files[i / 3], ends[i % 3]);
        unlink(path);
    }
    rmdir(s->folder);
}

static Status put_leaf(
        const TrailSample *s, const AuditEvent *events, size_t count, Buffer *ret_leaf)
{
    static uint8_t list_bytes[AUDIT_LEAF_EVENTS_BYTES_MAX];
    Buffer list = BUFFER_OF(list_bytes);
    TRY(buffer_put_u32(&list, (uint32_t)count));
    for (size_t i = 0; i < count; i++) {
        uint8_t memory[AUDIT_EVENT_BYTES_MAX];
        Buffer event = BUFFER_OF(memory);
        TRY(audit_event_put(&event, &events[i]));
        TRY(buffer_put_framed(&list, span_of_buffer(&event)));
    }
    TRY(buffer_put_u8(ret_leaf, AUDIT_LEAF_VERSION));
    TRY(buffer_put_i64(ret_leaf, (int64_t)s->tree.size));
    TRY(buffer_put_i64(ret_leaf, s->time_us));
    TRY(buffer_put_framed(ret_leaf, span_of_buffer(&list)));
    return buffer_put_u32(ret_leaf, 0);
}

Status trail_sample_add(TrailSample *s, const AuditEvent *events, size_t count)
{
    static uint8_t memory[AUDIT_LEAF_BYTES_MAX];
    Buffer leaf = BUFFER_OF(memory);
    MerkleHash hash;
    TRY(put_leaf(s, events, count, &leaf));
    BatchSealed sealed = { .leaf = span_of_buffer(&leaf) };
    const BatchDraft draft = { .batch = (int64_t)s->tree.size, .time_us = s->time_us };
    merkle_leaf(sealed.leaf, &hash);
    memcpy(sealed.leaf_hash, hash.bytes, sizeof(sealed.leaf_hash));
    TRY(audit_append(NULL, s->store, &draft, &sealed));
    merkle_append(&s->tree, &hash);
    s->time_us += 1000000;
    return OK;
}

Status trail_sample_execute(TrailSample *s, const char *sql)
{
    return store_execute(s->store, sql, NULL, 0);
}

Status trail_sample_spoil(const TrailSample *s, const char *sql)
{
    Store *index = NULL;
    const StoreConfig config = { .path = s->index };
    TRY(store_open(&config, &index));
    const Status done = store_execute(index, sql, NULL, 0);
    store_close(index);
    return done;
}

AuditCheckpoint trail_sample_checkpoint(const TrailSample *s)
{
    AuditCheckpoint checkpoint = { .size = s->tree.size };
    merkle_root(&s->tree, &checkpoint.root);
    return checkpoint;
}
