#pragma once
/*
 * test_vectors: keys for tests only, and signatures computed without our crypto library.
 * Made by make_vectors.py; do not edit.
 */
/* clang-format off */

static const char vector_target[] =
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4%BA%BA+b";

static const char vector_body[] =
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}";

static const char vector_timestamp[] =
    "1767225600";

static const char vector_nonce[] =
    "k3j9x2m8q1";

static const char vector_request[] =
    "POST\n"
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4%BA%BA+b\n"
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}"
    "\n";

static const char vector_rsa_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC6y5UbqyrSDhOi\n"
    "vb9Ir8xaW9a7Crlor0UYkzJr4vBX2xMmOtU0XExwM2UML0zoLyLwRml9Aby/eGv5\n"
    "QdDUJkeCWuX6xDtfsVrGsvwvklzVEuKqC+l0kIrdc7tJk654P8blc+RMtepdSdn/\n"
    "qAKgku1PTENlYxfkym/fXVoDefCLpiosW4BWo/h6cPixuqgwpu1VHTO6dMDZEEO8\n"
    "DBHomJyUyS7OG7BCAAzODWMsgYqV9pmQ0JZOv/KxayCZdjcWDlSKgVnfH1xJEkPI\n"
    "fBrsHeopd1MDezL/KTubmI2hNQFDuaJ9thnExfrhMIJtykc9HTB+02Jdz9tlVZvI\n"
    "tloepTa3AgMBAAECggEAURVOBFSoocW6gEodXk/xRMfYzhg5o1dxhtleabZ43aob\n"
    "Bd1D7xahl5K3qjJeD+tmHyZxY/H9HKAJPolzPKPhJpSOf+vuWfuCi/3lukCuS0+H\n"
    "VIkXLaIQpVA3XBjfAxOsIq3LzACrWxNTrcYgXdNpb6KLHteE56t4JF1BVYD5CaS3\n"
    "xSlQxAQ3+5eAsE+5v1qdUh2lUCJ4Rujgg/7WkHYLDOLn8T0Ou/DgaTFM1z+2Q11b\n"
    "boGQx4nIOBMEU5M36KWqe8AZG1nqSjgkzwta7EeOvzsl7fu+PslKUE9u3OmyS5v7\n"
    "7hTyxOZA5IW576p3xTKvSF0h249r+Xaxo6+Y3YavAQKBgQD65If8SNk6akNNvQmj\n"
    "660tmQ8cHNLVRqfIdaDZ97MFBc4CMDJ1GmhXrPsCzjee9wNNR9KaV0Te4OYsrNMQ\n"
    "NthHFuvMqOoRMrP+EtsCD03lgdnKi4o4cJMaNFvPWHlnXYShnIQYHF74ZA/jrrZ8\n"
    "isRajplu/Y4j9Atn1PdpGaH43QKBgQC+mQW2U93IuDXDpoFpfz/BD1Jqtp2GaYHB\n"
    "bCXePxwOv883YNFUjvml66OZmKHqcPzPxyW6zhAZ2FZVxdaYFDflaWkEeETK5/vw\n"
    "+78+X4ah0m7WIvoVYwk79Buih0m38Zjb7gB4EP8Aqf2AmwrMSJH0y4sQhrA6GSYb\n"
    "hpisXbWqowKBgQCxpIxQajg87y52ZYnk4aM97OjQ6+uwDRYRjo/0pTjBLqn9zKh9\n"
    "V9RXd+hGxUKGsLlKx7brhy0BblYrfbb3/Q1H0Ifm4hbRVIgzNqCRJcru3PEbQ4/7\n"
    "hGHzpOz4s9lKAeI+F7dD5xqrXxYNDRCywAJlaCBlgOxaspo8y4LejMKtlQKBgBzz\n"
    "m5WFicPqj2gny7KdvK5zyF4jXSxErIwYBGyNA5MN+cj8sO96RFu6voAfWkEFZrGd\n"
    "G5MTqAh0/zBKO/2f3JnBeE1Qg4qa0H9bjkJIOmgsUd+/MmO7RnTP8L6wdDc3wLNv\n"
    "pKyYUFPmfnZhlrNPNrSLkpUxEGXS2iIGQPy1w1mnAoGAJf/27ytxBp+UqVtT30ou\n"
    "opwPk1eiEpWAHFXE00/br5/GeQervvhhIn4QVJt8jVMia3aPlwPZuHky2dco/vEA\n"
    "yZtGv/1la9dBeZ/YstriPfVfmHjzIGNCH4w9h4VoYbYGiKjZ9Z3manfUBzbBkTBK\n"
    "BkWWZ30KlWL6+AN9TbGvfIU=\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_rsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAusuVG6sq0g4Tor2/SK/M\n"
    "WlvWuwq5aK9FGJMya+LwV9sTJjrVNFxMcDNlDC9M6C8i8EZpfQG8v3hr+UHQ1CZH\n"
    "glrl+sQ7X7FaxrL8L5Jc1RLiqgvpdJCK3XO7SZOueD/G5XPkTLXqXUnZ/6gCoJLt\n"
    "T0xDZWMX5Mpv311aA3nwi6YqLFuAVqP4enD4sbqoMKbtVR0zunTA2RBDvAwR6Jic\n"
    "lMkuzhuwQgAMzg1jLIGKlfaZkNCWTr/ysWsgmXY3Fg5UioFZ3x9cSRJDyHwa7B3q\n"
    "KXdTA3sy/yk7m5iNoTUBQ7mifbYZxMX64TCCbcpHPR0wftNiXc/bZVWbyLZaHqU2\n"
    "twIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_rsa_request[] =
    "a0gQdDBiNDz3yNm4ajxwnd782U+Bi5W9Tc63pqIxH2LW6egJLOjuc+XmY87TfG5TMFU1AWq8paTZ"
    "C/kCK0IcmvACT/1l5juKn14CNseefKhQwvon4Z/AclBqhb49cpzsxnLS//UkpAXJLDihMoPViioM"
    "Qma8c9NcRv6/XhdRl9iAgqISVcTpeg4V1P+9ogL/qwHB8hC0pD29+7JSTYF7dUHeBJpp+FrofsSk"
    "FaoJWRzcQCByCNtDYMIUUmfCGsizv1SN9L7Ekb9Cs6WbcTRuiZrCNfy8Tmk8jUSUKbOXp8CAlYyk"
    "doD+tjOsfLxR7NjQYyKOqomPSMfobk5rjLA47A==";

static const char vector_rsa_answer[] =
    "V2GH9Cs8U4/zOLA7NNU3J2oixtsLW0v0SXLsNkRN4sasqtYMmKuFR4rwNeZHxgSyG/VUBE6EPiWX"
    "j5XtIMqU+Z3+7XYPdRCjQXh+17rHOmJJdTk/Kz7TZE+v0ciO2DnEV7uvuvnMGJssQur6PtESqpox"
    "nTNCwWielS00IJHOszTCC4gQAqU7M28NoZb/j0X6Mx6J4gJOqB4T22BJmi1UGgLQHhkyoOcbYSh3"
    "R9d2odcQkFayGQB9sAjLAiK5MtXTS2VE4TjjuCdXu72GI26HmviBeSgE/HNfntGXRmlgXKstfXkQ"
    "dK3vVKwlR+YvIXJx3v0zCwQ3BYMIkzq8MSVsJA==";

static const char vector_rsa_empty_answer[] =
    "ueU+kqNi6/Vx+a4qS+KyJcAMJ7Ksu7fh1KhvK5AA6gEXZJlp5PmW7UQUfBx+ggodhr19KpJa9ELd"
    "kzQ12QWCxoLh/hZHMm1rsnqFeW8jmDrRVY7T0UtHavE34DxgPAtWPRKy7x7HKUz2MjcTK6dHB5nH"
    "FMbzrG15pQx+CEiZmT0lfZejikfpM+1tCZJhLJfeYK1r2QNRg7cugcHszm6BBI1DcGnpijGD2ii6"
    "zSU8lLYtOTD5D4tioGO3/V6W0d1lP2fLH25fPtSB4V5oZXQnwmW0TLkBdxOQypeaxm5bO8xCx1VY"
    "IAWH5a6IT8qPUVTGf8fb41YPgCfIWeU66qqNCg==";

static const char vector_sm2_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgaME/xXGarwUJJRqa\n"
    "Pfom4MNOR4da1/c05Je7fTtDdZGhRANCAARE+fdVRIGYutAVlNBmYUScVMTqeviS\n"
    "0+WuDnPu2aA3hBCZf0nYri5SouhE0AGs2hjuwNd3apOhtNeg/21phKCk\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_sm2_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAERPn3VUSBmLrQFZTQZmFEnFTE6nr4\n"
    "ktPlrg5z7tmgN4QQmX9J2K4uUqLoRNABrNoY7sDXd2qTobTXoP9taYSgpA==\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_sm2_request[] =
    "MEUCIQDQEopxgGDOoQN51fwmhbt5pkx49sokTExUpuc8kUf6+gIgfTZejBWeos7Ck48zNI9kou6l"
    "dps4OiI4lKsZTWVVkfA=";

static const char vector_sm2_answer[] =
    "MEQCICkvOav8lJSWYhiKoyU5du9rJSW40Dj6OTfliOKuH7I+AiAWzo3xSzzwrh6AaQHEiDKFqH1Q"
    "FLRAGjWknWsvpxkD5Q==";

static const char vector_sm2_request_no_id[] =
    "MEUCIBwVM6XahPT2lYAyvIeWkmXf5kie/InevtvoCcC7niBmAiEAnNhkmcpSzGoKDnx7DooRxkJq"
    "3x7Mi0u04KZeJWjle2Q=";

static const char vector_sm2_request_other_id[] =
    "MEUCIFqH2ck+qrHk3K/0SF+ASdAaAX32TmK6ihxQs4nCDVmiAiEAqUeA86Z3BmePF9ns00JdRqJZ"
    "ki2DxkNegFoUQTZCq6c=";

static const char *const vector_sm2_loose[] = {
    /* a byte behind */
    "MEUCIQDQEopxgGDOoQN51fwmhbt5pkx49sokTExUpuc8kUf6+gIgfTZejBWeos7Ck48zNI9kou6l"
    "dps4OiI4lKsZTWVVkfAA",
    /* long-form length */
    "MIFFAiEA0BKKcYBgzqEDedX8JoW7eaZMePbKJExMVKbnPJFH+voCIH02XowVnqLOwpOPMzSPZKLu"
    "pXabODoiOJSrGU1lVZHw",
    /* a needless zero */
    "MEYCIgAA0BKKcYBgzqEDedX8JoW7eaZMePbKJExMVKbnPJFH+voCIH02XowVnqLOwpOPMzSPZKLu"
    "pXabODoiOJSrGU1lVZHw",
    /* r as it were negative */
    "MEUCIf/QEopxgGDOoQN51fwmhbt5pkx49sokTExUpuc8kUf6+gIgfTZejBWeos7Ck48zNI9kou6l"
    "dps4OiI4lKsZTWVVkfA=",
    /* zeros */
    "MAYCAQACAQA=",
    /* empty */
    "MAA=",
    /* raw r || s */
    "0BKKcYBgzqEDedX8JoW7eaZMePbKJExMVKbnPJFH+vp9Nl6MFZ6izsKTjzM0j2Si7qV2mzg6IjiU"
    "qxlNZVWR8A==",
    /* s + n */
    "MEYCIQDQEopxgGDOoQN51fwmhbt5pkx49sokTExUpuc8kUf6+gIhAX02XosVnqLOwpOPMzSPZKJg"
    "qVYGWgAnY+hnDVafKtMT",
};

static const char vector_weak_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCxEay27L+fHpXz+PLCccGO2I3U\n"
    "siw6S6UmxMH07ExFA+tWRMuk1jGSNbUTB8EuzQuFiB6ewP+UQDEe2sHNMRoNLmAe\n"
    "H2tDh4hgfVwxHqlxYD2wpXudnt18T9G//wZ5/PdZ08zH3Va49412pQfN+lwvYTZW\n"
    "Ur0OwSbgP8ud5tzO+wIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

typedef struct ProfileVector {
    const char *profile;
    const char *form; /* the whole body; "": the request stands in other vectors */
    const char *request;
    const char *request_signature;
    const char *answer;
    const char *answer_signature;
} ProfileVector;

static const ProfileVector vector_profiles[] = {
    {
    "v3-rsa",
    "",
    "POST\n"
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4%BA%BA+b\n"
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}"
    "\n",
    "a0gQdDBiNDz3yNm4ajxwnd782U+Bi5W9Tc63pqIxH2LW6egJLOjuc+XmY87TfG5TMFU1AWq8paTZ"
    "C/kCK0IcmvACT/1l5juKn14CNseefKhQwvon4Z/AclBqhb49cpzsxnLS//UkpAXJLDihMoPViioM"
    "Qma8c9NcRv6/XhdRl9iAgqISVcTpeg4V1P+9ogL/qwHB8hC0pD29+7JSTYF7dUHeBJpp+FrofsSk"
    "FaoJWRzcQCByCNtDYMIUUmfCGsizv1SN9L7Ekb9Cs6WbcTRuiZrCNfy8Tmk8jUSUKbOXp8CAlYyk"
    "doD+tjOsfLxR7NjQYyKOqomPSMfobk5rjLA47A==",
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}"
    "\n",
    "V2GH9Cs8U4/zOLA7NNU3J2oixtsLW0v0SXLsNkRN4sasqtYMmKuFR4rwNeZHxgSyG/VUBE6EPiWX"
    "j5XtIMqU+Z3+7XYPdRCjQXh+17rHOmJJdTk/Kz7TZE+v0ciO2DnEV7uvuvnMGJssQur6PtESqpox"
    "nTNCwWielS00IJHOszTCC4gQAqU7M28NoZb/j0X6Mx6J4gJOqB4T22BJmi1UGgLQHhkyoOcbYSh3"
    "R9d2odcQkFayGQB9sAjLAiK5MtXTS2VE4TjjuCdXu72GI26HmviBeSgE/HNfntGXRmlgXKstfXkQ"
    "dK3vVKwlR+YvIXJx3v0zCwQ3BYMIkzq8MSVsJA==",
    },
    {
    "v3-sm2",
    "",
    "POST\n"
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4%BA%BA+b\n"
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}"
    "\n",
    "MEUCIQDQEopxgGDOoQN51fwmhbt5pkx49sokTExUpuc8kUf6+gIgfTZejBWeos7Ck48zNI9kou6l"
    "dps4OiI4lKsZTWVVkfA=",
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}"
    "\n",
    "MEQCICkvOav8lJSWYhiKoyU5du9rJSW40Dj6OTfliOKuH7I+AiAWzo3xSzzwrh6AaQHEiDKFqH1Q"
    "FLRAGjWknWsvpxkD5Q==",
    },
    {
    "sorted-rsa2",
    "biz_content=%7B%22appid%22%3A%22wx1%22%2C%22amount%22%3A%7B%22total%22%3A100"
    "%2C%22currency%22%3A%22CNY%22%7D%2C+%22description%22%3A%22%E5%85%BB%E4%B9%9"
    "0%E5%A4%9A%22%7D&mchid=1900000001&method=POST+%2Fv3%2Fpay%2Ftransactions%2Fn"
    "ative&nonce_str=k3j9x2m8q1&timestamp=1767225600&serial_no=RSA1&sign_type=RSA"
    "2&sign=OelooW1AIKucX1VpMnx0KXb8tSF2BpIgEXxscg7koMt8LnBC9NiGRRJIIelrBJrezQN1M"
    "mlWZlqYBdKN71SvsytW9IJP74Llb3GIn%2Fo6xbxN0DXnGgtv2sqrOYhMG1X2okfwQ%2BNcKAZ2e"
    "KqgMc%2FHLcXlniFxWXhHIkG0qfeX1P3sIL9P1d5%2F3e3NTtchUCdGqZxLkW9v47X82vNp0qrid"
    "oXoIflyp9rWVbajJXJvyEr29lTa4XCRJxkOV5xLtl2JMo0y9ptgtDczXl5VDUJuZHOAwImeVQaeB"
    "fZ5TMu2HnRjtq2iSmKMKA6IMEh%2Fvc2Lyv3Ltk1bgI%2FZxSQpDU3KFg%3D%3D",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}&mchid=1900000001&method=POST /v3/pay/transactions/native&nonce_"
    "str=k3j9x2m8q1&serial_no=RSA1&sign_type=RSA2&timestamp=1767225600",
    "OelooW1AIKucX1VpMnx0KXb8tSF2BpIgEXxscg7koMt8LnBC9NiGRRJIIelrBJrezQN1MmlWZlqY"
    "BdKN71SvsytW9IJP74Llb3GIn/o6xbxN0DXnGgtv2sqrOYhMG1X2okfwQ+NcKAZ2eKqgMc/HLcXl"
    "niFxWXhHIkG0qfeX1P3sIL9P1d5/3e3NTtchUCdGqZxLkW9v47X82vNp0qridoXoIflyp9rWVbaj"
    "JXJvyEr29lTa4XCRJxkOV5xLtl2JMo0y9ptgtDczXl5VDUJuZHOAwImeVQaeBfZ5TMu2HnRjtq2i"
    "SmKMKA6IMEh/vc2Lyv3Ltk1bgI/ZxSQpDU3KFg==",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}&nonce_str=k3j9x2m8q1&serial_no=PLATFORM1&sign_type=RSA2&timesta"
    "mp=1767225600",
    "B13vqF2AKehls6oqpKyMQaEhjmw+wgvhT7U0pEppty2D4uU+4Yqyq/FNflRkU0ZILgD4o1A6nqpa"
    "BqfZYLMXa+jEja2rwhaEmOq8BLUUyxaipHA03HnjMiwHvYry/NsmaQj39VWjzdYdjYD/gJk6VRWu"
    "YTbIJ5TpFwTNXNcwUooV36teJsfc/vWGzBuwTtaop0Tzz36nxlLMJtRdfc59R+BeFNofw/mDVV6N"
    "TRPwW8zaPcICzdzwxvXQR/dxHs19EnXu2V9VAa+TJTbUOO2PCMB7Uj7w3fcckTZWVQnytOHFsic1"
    "rvVKCqIXiSevU8UdGw4gbZ/shaB7aWo9RudYIw==",
    },
    {
    "sorted-sm2",
    "biz_content=%7B%22appid%22%3A%22wx1%22%2C%22amount%22%3A%7B%22total%22%3A100"
    "%2C%22currency%22%3A%22CNY%22%7D%2C+%22description%22%3A%22%E5%85%BB%E4%B9%9"
    "0%E5%A4%9A%22%7D&mchid=1900000001&method=POST+%2Fv3%2Fpay%2Ftransactions%2Fn"
    "ative&nonce_str=k3j9x2m8q1&timestamp=1767225600&serial_no=SM21&sign_type=SM2"
    "&sign=MEUCIHmMoVFu65YJtrE1LJFm1XcyKXW4B6eQ%2BirAOcT7rkluAiEAtjN4DWzw2Ysm5Mo5"
    "8tDleOQiko9sU1FNEEHnopMrH90%3D",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}&mchid=1900000001&method=POST /v3/pay/transactions/native&nonce_"
    "str=k3j9x2m8q1&serial_no=SM21&sign_type=SM2&timestamp=1767225600",
    "MEUCIHmMoVFu65YJtrE1LJFm1XcyKXW4B6eQ+irAOcT7rkluAiEAtjN4DWzw2Ysm5Mo58tDleOQi"
    "ko9sU1FNEEHnopMrH90=",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}&nonce_str=k3j9x2m8q1&serial_no=PLATFORM1&sign_type=SM2&timestam"
    "p=1767225600",
    "MEUCIQDjEj0KSRc/TOxX+KRlZ+SbvFxi4RVwXjqroizDqKEGEAIgNeeCTvXsTNFAX74kOrjgpyzz"
    "3lj0tshPjr1DrksuN2Q=",
    },
};
