#include "keys/root_turn.h"

#include "crypto/mac.h"
#include "journal/journal.h"

#define KEYS_NEXT "keys.next"
#define KEYS_SPARE "keys.spare" /* the empty one of the new store's two segments */
#define ROOT_NEXT "root.next"
#define TURN_NEXT "turn.next"
#define TURN_MADE "turn.made"

enum { TURN_VERSION = 1, TURN_BYTES_MAX = ROOT_TURN_ACT_BYTES_MAX + 64 };

static Status remove_file(const Folder *f, const char *name) { return f->remove(f->context, name); }

static Status sync_names(const Folder *f) { return f->sync(f->context); }

/* --- the files --- */

static Status write_file(const Folder *f, const char *name, Span bytes)
{
    Disk disk;
    TRY(f->open(f->context, name, &disk));
    TRY(disk.truncate(disk.context, 0));
    TRY(disk.write(disk.context, 0, bytes));
    return disk.sync(disk.context);
}

typedef struct TurnFile {
    Custody custody;
    Span act;
    uint8_t mac[JOURNAL_MAC_BYTES]; /* of the act, under the journal's key */
} TurnFile;

static void make_mac(const Keys *keys, Span act, uint8_t ret_mac[JOURNAL_MAC_BYTES])
{
    CLEANUP(mac_key_wipe) MacKey key;
    const Span parts[] = { SPAN("hufu root turn 1"), act };
    mac_key_init(&key, MAC_HMAC_SHA256, secret_span(keys_secret(keys, KEY_JOURNAL)));
    mac_make(&key, parts, 2, ret_mac);
}

static Status put_turn(const Keys *keys, const RootTurn *turn, Buffer *b)
{
    uint8_t mac[JOURNAL_MAC_BYTES];
    make_mac(keys, turn->act, mac);
    TRY(buffer_put_u8(b, TURN_VERSION));
    TRY(buffer_put_u8(b, (uint8_t)turn->custody));
    TRY(buffer_put_framed(b, turn->act));
    return buffer_put(b, SPAN_OF(mac));
}

static Status take_turn(Span bytes, TurnFile *ret)
{
    Cursor c = cursor_of(bytes);
    uint8_t version = 0;
    uint8_t custody = 0;
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &custody));
    TRY(cursor_framed(&c, ROOT_TURN_ACT_BYTES_MAX, &ret->act));
    TRY(cursor_copy(&c, sizeof(ret->mac), ret->mac));
    TRY(cursor_end(&c));
    const bool known = version == TURN_VERSION && custody >= CUSTODY_DEVELOPMENT
            && custody <= CUSTODY_CUSTODIANS;
    REQUIRE(known, REFUSED_KEYSTORE_TAMPERED);
    ret->custody = (Custody)custody;
    return OK;
}

static Status read_turn(const Folder *f, Buffer *memory, TurnFile *ret)
{
    Disk disk;
    uint64_t size = 0;
    TRY(f->open(f->context, TURN_MADE, &disk));
    TRY(disk.size(disk.context, &size));
    REQUIRE(size <= memory->capacity, REFUSED_KEYSTORE_TAMPERED);
    TRY(disk.read(disk.context, 0, memory->data, (size_t)size));
    memory->size = (size_t)size;
    const Status s = take_turn(span_of_buffer(memory), ret);
    REQUIRE(status_ok(s), REFUSED_KEYSTORE_TAMPERED);
    return OK;
}

/* --- settling --- */

static Status take_back(const Folder *f)
{
    static const char *const names[] = { TURN_NEXT, ROOT_NEXT, KEYS_NEXT, KEYS_SPARE };
    bool any = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!f->has(f->context, names[i])) continue;
        TRY(remove_file(f, names[i]));
        any = true;
    }
    return any ? sync_names(f) : OK;
}

/* While keys.next is there, keys.a and keys.b are the old ones; afterwards never. */
static Status take_over_keys(const Folder *f)
{
    if (!f->has(f->context, KEYS_NEXT)) return OK;
    TRY(remove_file(f, "keys.b"));
    TRY(sync_names(f));
    TRY(f->rename(f->context, KEYS_NEXT, "keys.a"));
    return sync_names(f);
}

static Status take_over_root(const Folder *f, Custody custody)
{
    if (f->has(f->context, ROOT_NEXT)) TRY(f->rename(f->context, ROOT_NEXT, custody_file(custody)));
    for (int other = CUSTODY_DEVELOPMENT; other <= CUSTODY_CUSTODIANS; other++)
        if (other != (int)custody) TRY(remove_file(f, custody_file((Custody)other)));
    return sync_names(f);
}

Status root_turn_settle(const Folder *folder, bool *ret_made)
{
    uint8_t bytes[TURN_BYTES_MAX];
    Buffer memory = BUFFER_OF(bytes);
    TurnFile turn = { 0 };
    *ret_made = folder->has(folder->context, TURN_MADE);
    if (!*ret_made) return take_back(folder);
    TRY(read_turn(folder, &memory, &turn));
    TRY(sync_names(folder)); /* whoever renamed it may have been killed before */
    TRY(take_over_keys(folder));
    return take_over_root(folder, turn.custody);
}

Status root_turn_act(const Folder *folder, const Keys *keys, Buffer *ret_act)
{
    uint8_t bytes[TURN_BYTES_MAX];
    uint8_t mac[JOURNAL_MAC_BYTES];
    Buffer memory = BUFFER_OF(bytes);
    TurnFile turn = { 0 };
    TRY(read_turn(folder, &memory, &turn));
    make_mac(keys, turn.act, mac);
    REQUIRE(bytes_equal_ct(mac, turn.mac, sizeof(mac)), REFUSED_KEYSTORE_TAMPERED);
    return buffer_put(ret_act, turn.act);
}

Status root_turn_end(const Folder *folder)
{
    TRY(remove_file(folder, TURN_MADE));
    return sync_names(folder); /* else the next turn's files could meet it again */
}

/* --- turning --- */

static Status stage(const Folder *f, Keys *keys, const RootTurn *turn)
{
    uint8_t bytes[TURN_BYTES_MAX];
    Buffer memory = BUFFER_OF(bytes);
    Disk segments[2];
    TRY(put_turn(keys, turn, &memory));
    TRY(f->open(f->context, KEYS_SPARE, &segments[0]));
    TRY(f->open(f->context, KEYS_NEXT, &segments[1]));
    TRY(keys_reseal(keys, turn->root, segments));
    TRY(remove_file(f, KEYS_SPARE));
    TRY(write_file(f, ROOT_NEXT, turn->file));
    TRY(write_file(f, TURN_NEXT, span_of_buffer(&memory)));
    return sync_names(f);
}

Status root_turn_make(const Folder *folder, Keys *keys, const RootTurn *turn)
{
    bool made = false;
    TRY(stage(folder, keys, turn));
    TRY(folder->rename(folder->context, TURN_NEXT, TURN_MADE));
    return root_turn_settle(folder, &made);
}

void root_check_value(const Secret *root, uint8_t ret_value[ROOT_CHECK_BYTES])
{
    uint8_t value[MAC_BYTES_MAX];
    mac_once(MAC_HMAC_SHA256, secret_span(root), SPAN("hufu root check value"), value);
    memcpy(ret_value, value, ROOT_CHECK_BYTES);
}
