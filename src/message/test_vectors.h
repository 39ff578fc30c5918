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
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDOwxsI0UUN4IJf\n"
    "ab06Gg8p6gb2gQjk+ULDUOTyP5IBUv3H+iRkyV1mJNS/2y0SknNPgLlaqHjXShkI\n"
    "L6dDvSszAJTEFycJfByn6nyzy7k16owYO7og9mbNNN/bHot238+TKfLAeMdE5V/e\n"
    "3qgKsauz/CxxHDg5c7NmNCAmVeHYpNZOof5+cwq7jqIUKKeD/jGxlh63rjavSOJv\n"
    "bvBQsUMnwrkCt16rQEwg2ltqXp5A6jgY9rmdqoupEz6qujUf9MIJ417SnbQ5cr6y\n"
    "LQQRhrXRZSS87Svd5PkUGhf8UGOMRX/eu4yoR1xXKwkgVGhnxUreQ554R5OLLlNk\n"
    "dMuvM6YxAgMBAAECggEAAY3nQXUL8djC4iNnWsJ2Dria/iC7h7fKpVvm/LM2+Ro9\n"
    "8ieSkndjuQWEhpSyjWCFzA6Jq4F3YcGa1+bpI6c5EJRr3zWAA6A9OZNCW2T9VXHC\n"
    "moQIbYBXXCo47JVu3aE9FubKfmE/Y5MzL00Oh6tiQQ4flLzDkhr+juwhZGhiNEC1\n"
    "fy5elrMfkpWuf+/LcNHD9LsleAAEZxX55nybpCBS4psAURFxBF/WxP+rTJ0jdPM1\n"
    "t4MxRnSg69EBz2J6j5CXfZUPhDrtxFQkGBeXfMQ7y89uG3v7mtfDnRoIyZeJzNAZ\n"
    "8pRssiR5Ae8oMjldlaRj/xQ3ROFBAdB7MdtHJ2NwgQKBgQD+CVkDjRXjmpx4CazJ\n"
    "LFD3hnD3S4dRgen3eKj5mFZwL3F9yFAspalNlhSfrEPZCZuQ9o4u1x+a8DSlg82+\n"
    "RbBD3jeq9cjk9piuncKNb6nUxaHjfLhtHfAGY9Pq4zq1mZvJo/2F3wK4ZfB/+UGE\n"
    "8vkR/fpbyyu2iojTkiE2CB5L+QKBgQDQXDfHduIIy8Tpzma24Ow31QIP9qNlH6ns\n"
    "dJqYddyM25+8DuFvbs0iIkYZIJroKGlTnqUaBwaWbFlsQtVIaRWGZOOY3UrwNbxl\n"
    "3onb8geKxBxTe2VeteRt6JN77Z0Yzq/mBu7mnxda++HJNuPgKUrZ40soeN/+DLDA\n"
    "xZwnJZAJ+QKBgHqvwwifA7pHelfSvFrwBy50BGy6UmD/8CHvaRQaCWzmzNXlfysA\n"
    "2tI4sD8pMB9Kr5IEMUjX5lCqv5JMJHpHJ8ivMo1jZKGHotd6I3KxQgEbbYLzQhKY\n"
    "ycocPkWLdlgsFnv8sj0MJkEuIkd79rOhsL6KvXXFmpfvMgOT6Gwy4YbpAoGAKT0H\n"
    "QTAzXoBOEeRrCekMd6RuCxDKmBojPIx7iI9TPoG9ZLAhSDfK2+WisBh28FoHNqig\n"
    "jr0zPZRmQnob0oAR5Y6USU4LJe3MwvC/okuN2JYl8RPsJUmk02gDwLRvslg+Ei3v\n"
    "HLACJFzT/Eoj4drqWKOW3YTG+HY0iYLS/CCAGKkCgYEA2fl7UldaeuF+i9splXkt\n"
    "rldAUZ/U4lO544Y7ZV5ug6gJ7G1hOPeshBB3xuRX8Mo6K1E2hX3yFWPJRrFvHLp/\n"
    "DyN3q2h+9uBhbkN3J3odyQNltPDT0S5cv6fMP7LtqtSAlwLLGeTSwWou9LMIq9mn\n"
    "woY4Sj1P6Sa5+mr9LmV+ES0=\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_rsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzsMbCNFFDeCCX2m9OhoP\n"
    "KeoG9oEI5PlCw1Dk8j+SAVL9x/okZMldZiTUv9stEpJzT4C5Wqh410oZCC+nQ70r\n"
    "MwCUxBcnCXwcp+p8s8u5NeqMGDu6IPZmzTTf2x6Ldt/PkynywHjHROVf3t6oCrGr\n"
    "s/wscRw4OXOzZjQgJlXh2KTWTqH+fnMKu46iFCing/4xsZYet642r0jib27wULFD\n"
    "J8K5Ardeq0BMINpbal6eQOo4GPa5naqLqRM+qro1H/TCCeNe0p20OXK+si0EEYa1\n"
    "0WUkvO0r3eT5FBoX/FBjjEV/3ruMqEdcVysJIFRoZ8VK3kOeeEeTiy5TZHTLrzOm\n"
    "MQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_rsa_request[] =
    "Uu7PAUGNWp/slK7XH2ugnKXYD2blQd6PGNa/aSdgZAeh9lk+LhR1mj8IjI57q0wpiru4ifESSBCL"
    "gYRkOgCNyB5zWmXLLX4D8AmeHFy/IHoYVQ3jnHaHW56Lu5FwaUsFuyRsUuAidAR3+pshi8x5TIhN"
    "6x6thZtBZ5WNkt0kr7GYJRlZkFNnbfDjGC9OpreU/NFR4aHftBZiuoAhBKIJOkOpchnm6XIERFsK"
    "bpo0gNgy44wYfTMj+iQ2NMzeuDkhPK18UuzZ9h+ownK8xlUOIXeBwAPMy+SzZICWRG5zfekqdVSN"
    "mGEGeEQ17fIEDU+HU69VS11yWx/3GCc2wVjb9Q==";

static const char vector_rsa_answer[] =
    "AOKKRzA6enX2O7aMZK5tdlOJqMOlTkvFzt59TWWUoqwYJTlP7ZwF5uxGqjLfjuvCJotfvIq9rS9w"
    "WoPCR8o7c24Wn23Rnan7eSwRFJQfvXcnQq6x0mtuloMLcDL552ke4UsOoRhvSGsFsL4dlL3MfWkO"
    "s6mhvndixiuoCGEo1p95aM3hOBPccuBZ0GgGUFYOWbwN0brzBxeTT7Uxcya4oHNzuGScRqQQXozR"
    "wi+teGbh1uJojVHTn4VommDT7eKNa2DHddH83SshvMCSHHtym885umtVoNYaCE1JFi8auZ98L4iX"
    "kWufEXEQgiS4fRuxQvnE7cjmJtX0G4AxufOYcg==";

static const char vector_rsa_empty_answer[] =
    "T/Q+EgOxHwN9Yc9wcPv9ghmoXJx9iLP0PpIELqCZCOy2Plmuqv0srCpjLkMmwYkWGfT/7jBverUs"
    "rSNNZJE/rhvHoE3e6ZgZojslTFMbAMTLJRHDI8pFxjVEgspVFrBtl6Tv8zQK1d0EGh+mvPxOpluh"
    "eozlTQKK4n5UJgVbBBPOuwA5Po3HzhFT4aBrTpZQgj9QKNOl6hggoGswXcUNQI4CBRR0/A3q6wlW"
    "4PA/RfQPSCD8cEfJGQEqn8eGumzTHYrrBnTKAanTsWxT1AYHk2RZpfONd+m0K1mkmyL6jFcK+dMF"
    "ZhptSLhiqXiSNf+GXOfOTSoQw0EHikRzp+cVXw==";

static const char vector_sm2_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQg8F9HIjN5U8dWtr3G\n"
    "ydP7oE7LCqRXpwLHewu4H+ZHmX6hRANCAATSrJElYfOLdhfeCJN4rXUa9fC5StHS\n"
    "wysMpUr4ENz+elRR0zn7QQXlfLpQxVtNnHEDEghHDfq6TvyFTvhGjjpM\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_sm2_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE0qyRJWHzi3YX3giTeK11GvXwuUrR\n"
    "0sMrDKVK+BDc/npUUdM5+0EF5Xy6UMVbTZxxAxIIRw36uk78hU74Ro46TA==\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_sm2_request[] =
    "MEQCIA4nUubIxSrgmR9WfAX1EUajjA3Zb4CvnSEEB8hAL9tRAiBeW5eD1qL/7ZDm55jGhp3cL+wS"
    "4hU1ct2rQmsBAFM6QQ==";

static const char vector_sm2_answer[] =
    "MEYCIQChlVQnBauFPbhYTTd8HmeuUGCPQf30duL+LQgK0B6aPgIhAIRAUpJ/54JrBnjOrvpw1553"
    "M4kpZ+vXPJUtMNwPr271";

static const char vector_sm2_request_no_id[] =
    "MEQCIFW/bmri383AZKlZsXkTBFWeVg5+P1a/NgrTSU1HCXrrAiBj+uYYBpo9f5uKnhJMpPSWhiOB"
    "wojZ1sDZlsfBX2mKAQ==";

static const char vector_sm2_request_other_id[] =
    "MEYCIQCXJWL3Yu9g0CCgVrJMfy6U15JaY/npJoVTnfBMWUTYawIhAKrZIQb0loaru4IcwIQq1bQ6"
    "vWU3uJRAAbmCVhqkq8BB";

static const char *const vector_sm2_loose[] = {
    /* a byte behind */
    "MEQCIA4nUubIxSrgmR9WfAX1EUajjA3Zb4CvnSEEB8hAL9tRAiBeW5eD1qL/7ZDm55jGhp3cL+wS"
    "4hU1ct2rQmsBAFM6QQA=",
    /* long-form length */
    "MIFEAiAOJ1LmyMUq4JkfVnwF9RFGo4wN2W+Ar50hBAfIQC/bUQIgXluXg9ai/+2Q5ueYxoad3C/s"
    "EuIVNXLdq0JrAQBTOkE=",
    /* a needless zero */
    "MEUCIQAOJ1LmyMUq4JkfVnwF9RFGo4wN2W+Ar50hBAfIQC/bUQIgXluXg9ai/+2Q5ueYxoad3C/s"
    "EuIVNXLdq0JrAQBTOkE=",
    /* r as it were negative */
    "MEUCIf8OJ1LmyMUq4JkfVnwF9RFGo4wN2W+Ar50hBAfIQC/bUQIgXluXg9ai/+2Q5ueYxoad3C/s"
    "EuIVNXLdq0JrAQBTOkE=",
    /* zeros */
    "MAYCAQACAQA=",
    /* empty */
    "MAA=",
    /* raw r || s */
    "DidS5sjFKuCZH1Z8BfURRqOMDdlvgK+dIQQHyEAv21FeW5eD1qL/7ZDm55jGhp3cL+wS4hU1ct2r"
    "QmsBAFM6QQ==",
    /* s + n */
    "MEUCIA4nUubIxSrgmR9WfAX1EUajjA3Zb4CvnSEEB8hAL9tRAiEBXluXgtai/+2Q5ueYxoad26Hv"
    "8k02+3gI/v5fCjooe2Q=",
};

static const char vector_weak_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDe6Ny0MUdy0jx9J1Xuy2vQV6wd\n"
    "71SYGV1siy2DCDy+ihKXY0QJ1fGJ0sSFAeUXWNS0skwdEVzhf2FmA2elpn8MArR/\n"
    "Ju1OcqZEbbqk+iBrcZdO9UdRdVIy1HP2eghEUglfzzDhDSGF9jP/BQBkoF24w1nw\n"
    "Qi2Zd+b0YIDajdHdHQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

