/* Code 128, set C: start, one symbol for each pair of digits, check symbol, stop. */
#include "picture/picture.h"

enum {
    BARS_START_C = 105,
    BARS_STOP = 106,
    BARS_CHECK_MODULUS = 103,
    BARS_QUIET = 10,
    BARS_TALL = 40,
};

/* ISO/IEC 15417, table 1: widths of bar, space, bar...; each symbol is 11 modules wide, the stop
 * symbol 13. */
static const char *const symbol_widths[] = { "212222", "222122", "222221", "121223", "121322",
    "131222", "122213", "122312", "132212", "221213", "221312", "231212", "112232", "122132",
    "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212", "223112",
    "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321",
    "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113",
    "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311",
    "332111", "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122",
    "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211",
    "411212", "421112", "421211", "212141", "214121", "412121", "111143", "111341", "131141",
    "114113", "114311", "411113", "411311", "113141", "114131", "311141", "411131", "211412",
    "211214", "211232", "2331112" };

static void put_symbol(size_t symbol, Picture *picture)
{
    uint8_t dark = 1;
    for (const char *w = symbol_widths[symbol]; *w != 0; w++) {
        for (char n = '0'; n < *w; n++)
            picture->dark[picture->width++] = dark;
        dark ^= 1;
    }
}

static bool all_digits(Span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    return true;
}

Status picture_bars(Span digits, Picture *ret_picture)
{
    REQUIRE(digits.size > 0 && digits.size <= PICTURE_BARS_DIGITS_MAX, REFUSED_PICTURE_CONTENT);
    REQUIRE(digits.size % 2 == 0 && all_digits(digits), REFUSED_PICTURE_CONTENT);
    *ret_picture = (Picture) { .height = 1, .module_tall = BARS_TALL, .quiet = BARS_QUIET };
    size_t check = BARS_START_C;
    put_symbol(BARS_START_C, ret_picture);
    for (size_t i = 0; i < digits.size; i += 2) {
        const size_t pair =
                (size_t)(digits.data[i] - '0') * 10 + (size_t)(digits.data[i + 1] - '0');
        check += pair * (i / 2 + 1);
        put_symbol(pair, ret_picture);
    }
    put_symbol(check % BARS_CHECK_MODULUS, ret_picture);
    put_symbol(BARS_STOP, ret_picture);
    return OK;
}
