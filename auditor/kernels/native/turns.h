/* Turns out of rows of JSON: what a layout says of each top-level member is done in order; whatever does not fit is odd. */
#pragma once
#include <stdlib.h>
#include "rows.h"

enum { SYSTEM, USER, ASSISTANT };
enum { OP_EMPTY, OP_STRING, OP_SYSTEM, OP_ASK, OP_ANSWER, OP_TEXT, OP_MESSAGES, OP_SHAREGPT, OP_CONVERSATION };
enum { LAYOUTS_MOST = 256, STEPS_MOST = 64 };

typedef struct { int member, op; } instruction; /* member -1: the row itself, a list */

typedef struct {
    uint64_t keys;
    int count;    /* members that rows of this layout have */
    int dialect;  /* -1: rows of this layout are odd */
    int steps;
    instruction step[STEPS_MOST];
    uint8_t *names; /* the members' names, each behind its length in eight bytes */
} layout;

typedef struct {
    int64_t *ends;
    int8_t *role;
    uint8_t *trained;
    int64_t count, room;
    uint8_t *text; /* where the next byte of text goes */
    uint8_t *base;
    uint8_t *asked; /* where the question begins that is being put together; NULL: nowhere */
} turn_list;

static int say(turn_list *turns, int role, int trained) {
    if (turns->count == turns->room) {
        const int64_t room = turns->room ? 2 * turns->room : 4096;
        int64_t *ends = realloc(turns->ends, (size_t)room * sizeof(int64_t));
        if (ends) turns->ends = ends;
        int8_t *roles = realloc(turns->role, (size_t)room);
        if (roles) turns->role = roles;
        uint8_t *trains = realloc(turns->trained, (size_t)room);
        if (trains) turns->trained = trains;
        if (!ends || !roles || !trains) return -1;
        turns->room = room;
    }
    turns->ends[turns->count] = turns->text - turns->base;
    turns->role[turns->count] = (int8_t)role;
    turns->trained[turns->count++] = (uint8_t)trained;
    return 1;
}

static inline int is_name(const uint8_t *p, const uint8_t *end, const char *name) {
    const size_t size = strlen(name);
    return (size_t)(end - p) == size && !memcmp(p, name, size);
}

static inline int role_named(const uint8_t *p, const uint8_t *end) {
    if (is_name(p, end, "user") || is_name(p, end, "human")) return USER;
    if (is_name(p, end, "assistant") || is_name(p, end, "gpt")) return ASSISTANT;
    return is_name(p, end, "system") ? SYSTEM : -1;
}

/* Read a list of {role_key: name, text_key: text}; with plain names only where ``chat``. 1: done, 0: odd, -1: no room. */
static int say_messages(turn_list *turns, const uint8_t *p, const uint8_t *end, const char *role_key,
                        const char *text_key, int chat) {
    if (*p != '[') return 0;
    p = past_space(p + 1, end);
    while (*p != ']') {
        int role = -1, said = 0;
        if (*p != '{') return 0;
        p = past_space(p + 1, end);
        while (*p != '}') {
            const uint8_t *key = p + 1, *key_end = skip_string(key, end) - 1;
            p = past_space(past_space(key_end + 1, end) + 1, end);
            if (*p != '"') return 0;
            p++;
            if (is_name(key, key_end, text_key)) {
                turns->text = copy_string(&p, end, turns->text);
                said = 1;
            } else if (is_name(key, key_end, role_key)) {
                const uint8_t *name = p;
                p = skip_string(p, end);
                role = role_named(name, p - 1);
                if (chat && (is_name(name, p - 1, "human") || is_name(name, p - 1, "gpt"))) role = -1;
            } else {
                return 0;
            }
            p = past_space(p, end);
            if (*p == ',') p = past_space(p + 1, end);
        }
        if (role < 0 || !said) return 0;
        if (say(turns, role, role == ASSISTANT) < 0) return -1;
        p = past_space(p + 1, end);
        if (*p == ',') p = past_space(p + 1, end);
    }
    return 1;
}

/* Read XTuner's own list of {system?, input?, output}. */
static int say_conversation(turn_list *turns, const uint8_t *p, const uint8_t *end) {
    static const char *const names[] = {"system", "input", "output"};
    if (*p != '[') return 0;
    p = past_space(p + 1, end);
    while (*p != ']') {
        const uint8_t *held[3] = {NULL, NULL, NULL};
        if (*p != '{') return 0;
        p = past_space(p + 1, end);
        while (*p != '}') {
            const uint8_t *key = p + 1, *key_end = skip_string(key, end) - 1;
            int which = 0;
            while (which < 3 && !is_name(key, key_end, names[which])) which++;
            p = past_space(past_space(key_end + 1, end) + 1, end);
            if (which == 3 || *p != '"') return 0;
            held[which] = p + 1;
            p = past_space(skip_string(p + 1, end), end);
            if (*p == ',') p = past_space(p + 1, end);
        }
        if (!held[2]) return 0;
        for (int which = 0; which < 3; which++) {
            if (!held[which] || (which < 2 && *held[which] == '"')) continue;
            turns->text = copy_string(&held[which], end, turns->text);
            if (say(turns, which, which == ASSISTANT) < 0) return -1;
        }
        p = past_space(p + 1, end);
        if (*p == ',') p = past_space(p + 1, end);
    }
    return 1;
}

static int is_empty(const uint8_t *p, const uint8_t *end) {
    return *p == 'n' || (*p == '[' && *past_space(p + 1, end) == ']');
}

/* Whether a text may be rounds of "### Human:", which are read otherwise. */
static int is_rounds(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p <= ' ' || *p == '\\' || *p >= 0x80)) p++;
    return p < end && (*p == '#' || p[-1] == '\\' || p[-1] >= 0x80);
}

static int do_step(turn_list *turns, int op, const uint8_t *p, const uint8_t *end) {
    const int null = *p == 'n';
    switch (op) {
    case OP_EMPTY: return is_empty(p, end);
    case OP_MESSAGES: return say_messages(turns, p, end, "role", "content", 1);
    case OP_SHAREGPT: return say_messages(turns, p, end, "from", "value", 0);
    case OP_CONVERSATION: return say_conversation(turns, p, end);
    case OP_SYSTEM:
        if (null) return 1;
        if (*p != '"') return 0;
        if (p[1] == '"') return 1;
        p++;
        turns->text = copy_string(&p, end, turns->text);
        return say(turns, SYSTEM, 0);
    case OP_ASK:
        if (*p != '"') return 0;
        if (p[1] == '"') return 1;
        if (turns->asked) *turns->text++ = '\n';
        else turns->asked = turns->text;
        p++;
        turns->text = copy_string(&p, end, turns->text);
        return 1;
    case OP_TEXT:
        if (*p == '"' && is_rounds(p + 1, end)) return 0;
        /* fall through */
    case OP_ANSWER:
        if (*p != '"') return 0;
        if (turns->asked) {
            turns->asked = NULL;
            if (say(turns, USER, 0) < 0) return -1;
        }
        p++;
        turns->text = copy_string(&p, end, turns->text);
        return say(turns, ASSISTANT, 1);
    default: return *p == '"'; /* OP_STRING */
    }
}

static int has_names(const layout *lay, const row_view *row) {
    const uint8_t *p = lay->names;
    if (lay->keys != row->keys || lay->count != row->count) return 0;
    for (int i = 0; i < row->count; i++) {
        int64_t size;
        memcpy(&size, p, 8);
        if (row->members[i].key_end - row->members[i].key != size || memcmp(row->members[i].key, p + 8, (size_t)size))
            return 0;
        p += 8 + size;
    }
    return 1;
}

/* Take one checked row apart: 1 done, 0 odd (nothing is left of it), -1 out of memory. */
static int take_row(const row_view *row, const layout *lay, const uint8_t *end, turn_list *turns) {
    const int64_t count = turns->count;
    uint8_t *text = turns->text;
    int done = lay->dialect >= 0;
    turns->asked = NULL;
    for (int i = 0; done == 1 && i < lay->steps; i++) {
        const instruction next = lay->step[i];
        done = do_step(turns, next.op, next.member < 0 ? row->list : row->members[next.member].value, end);
    }
    if (done != 1) turns->count = count, turns->text = text;
    return done;
}
