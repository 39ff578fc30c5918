/* The scanner as the guard of a program's log. */
#include "scan/patterns.h"
#include "scan/scan.h"
#include "scan/sweep.h"

#include <pthread.h>

enum { LINE_BYTES_MAX = 8192 };

static struct {
    pthread_mutex_t lock;
    Patterns *patterns;
    PatternScratch *scratch;
} guard = { .lock = PTHREAD_MUTEX_INITIALIZER };

Status scan_guard_open(void)
{
    TRY(patterns_new(&guard.patterns));
    return pattern_scratch_new(guard.patterns, &guard.scratch);
}

/* A line that no prefilter marks holds nothing that lies in one field. */
static bool is_marked(Span line)
{
    static Hot hot;
    hot = (Hot) { .any = false };
    sweep_block(line, &hot);
    return !status_ok(patterns_mark(guard.patterns, guard.scratch, line, &hot)) || hot.any;
}

const char *scan_guard(const Span *parts, size_t count, size_t *ret_first, size_t *ret_last)
{
    static uint8_t memory[LINE_BYTES_MAX + HOT_CELL_BYTES]; /* under the lock */
    pthread_mutex_lock(&guard.lock);
    Buffer line = { memory, 0, LINE_BYTES_MAX };
    bool marked = guard.patterns == NULL;
    for (size_t i = 0; i < count && !marked; i++)
        marked = !status_ok(buffer_put(&line, parts[i])) || !status_ok(buffer_put_u8(&line, '\n'));
    memset(memory + line.size, 0, HOT_CELL_BYTES);
    marked = marked || is_marked(span_of_buffer(&line));
    pthread_mutex_unlock(&guard.lock);
    if (marked) return detect_guard(parts, count, ret_first, ret_last);
    const DetectKind split = detect_kind_over_fields(parts, count, DETECT_ALL, ret_first, ret_last);
    return split == DETECT_NOTHING ? NULL : detect_kind_name(split);
}
