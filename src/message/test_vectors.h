#pragma once
/*
 * test_vectors: keys for tests only, and signatures computed without our crypto library.
 * Made by make_vectors.py; do not edit.
 */
/* clang-format off */

static const char vector_target[] =
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4"
    "%BA%BA+b";

static const char vector_body[] =
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}";

static const char vector_timestamp[] =
    "1767225600";

static const char vector_nonce[] =
    "k3j9x2m8q1";

static const char vector_request[] =
    "POST\n"
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4"
    "%BA%BA+b\n"
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}\n";

static const char vector_rsa_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCf3wgCGADlz7kX"
    "\n"
    "3g9WwXGKufb0bf00VtCRYJ5XFepqsJMVJhxLlH/fZm5vI2oqXHRBLt04ECp3qKDF"
    "\n"
    "Fpdk+xfGcmnlOFJUnTATtJlQEB7Amz8mx4E32txP8eUhd4oQLPtkDwzvJAUY+aOI"
    "\n"
    "vRFG2Gyk+Lp5oP5COGk9xxA1W70vYl9x3B4cSFp0AmyyxlcTGRLydM8aKy0x74QP"
    "\n"
    "aB2TWGV9y2oOhNbVCOqxCdZuSGTAd0T0y5Zhpa0a5t+ss19TB4NbISiZh5+TILi6"
    "\n"
    "3sbN99fpal0YZRZ0ETp5X7VkVVyc2s9F+xdDhDl19hIEsQCMW4DZW9zVsx2oe0Ug"
    "\n"
    "Guv6xk8lAgMBAAECggEAAO+xZebq6QQ8mewu9JQ8ZOGKhql6t2NYL5lPNBd7iAox"
    "\n"
    "wlQCKg/cDjbU81TbWrrdLn8i4oor0Mt46c6VTMHOxJp4s/IWNC0DBuTe4TplDwG3"
    "\n"
    "37rqVKV42LoTEQ1JhxC5jZmVb6HQ5wDWV3gGWuDdQY6O5MpoLSijTSbLAxjA3D8s"
    "\n"
    "kvDTHdKOexisTDEo89+vkqruPtu4j/f1d50XK8/iCNraWq2n9zVhpbBJU2IQKjtB"
    "\n"
    "cTX6bl0sdKQDYpycjCPUTUMMKjxtdP2lCTZgH6PdMZPUqC39ooI3ZGGN65xpo3fW"
    "\n"
    "Wr7sthW8qMtROd+gEw2yBjPrUn6guTfoVwLaOB/+nQKBgQDaVT5m/e5Z+Fa+IRkU"
    "\n"
    "XKaf6ddlc0qJM+wQ38kIq9JQc0OAAaMUC4JzfqKHWU+T3krxmVJ2VF/3I+LT0LuJ"
    "\n"
    "8rN+4AdLl7jo21WsI+HSepohIJnT4c/uKeUD37K7VkyqNb9h9U5ZiLYd4kj/SYmb"
    "\n"
    "U4q+HjUmEd1jBM4xwxzzob0ZywKBgQC7c81Ymr6NP+7IjaT22fWVmSFBsh7mCJKj"
    "\n"
    "D8ix+5NJ3h1phPgqVjikx2sQ16AssKeAcIks2WTxhx9V8n2NtIIExewRRf4n5x6j"
    "\n"
    "a8q/HUVh3OLRyeeh+TcRmMUPuCAcI4EA9HxL6ARruuzklSg2+8Ou6E7GQsoMgUdc"
    "\n"
    "0uD6y5zczwKBgQCoU/ZTc00zYkqGNYBfeXshaSke1z9M/pHvBIm6vLXePq943ko7"
    "\n"
    "pxABOU3XKh03NLf1Aq9X+X8vTCSSB6i/FzYaCGC3gBcYuBmaKOPu4YU5KyhN+hfU"
    "\n"
    "V8pwLSRgWI2s4NlXjcfFMaiu64o6ABkufr9GCoYRfs5/i/Ho3bPRhg4D9wKBgERB"
    "\n"
    "zqxM7MYSWai9qywYAc0PjYSWj5nD1WF7BeGJcgCb2KnruVHxQ378/oeLfM/JI7Up"
    "\n"
    "RUoHfzJTuZ1aR02qRQ3n5CYGDp4JEqb/QTyGNBWGkTFDDA126g6GSnuG2Gpmozrt"
    "\n"
    "y7T4L2PrFQfHKHWdB4xRGx4mg9w51vp9715jdiMRAoGAVFxRtHtnfIEQIue4MpJm"
    "\n"
    "TZDot/nNaGr+dSAYyhPlHTeB6tsDrq3xl+6n98lv+qgqDDeHsSvIKdGdDgjLAKwA"
    "\n"
    "Mbz7tvT+ZnjhdnArkOqQH2Op9Ielr3FVfkHRrEFBcERZ4gj3m9s4L2Uv5Ave9tGB"
    "\n"
    "MCopJLXLuU718F56yxFGNds=\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_rsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAn98IAhgA5c+5F94PVsFx"
    "\n"
    "irn29G39NFbQkWCeVxXqarCTFSYcS5R/32ZubyNqKlx0QS7dOBAqd6igxRaXZPsX"
    "\n"
    "xnJp5ThSVJ0wE7SZUBAewJs/JseBN9rcT/HlIXeKECz7ZA8M7yQFGPmjiL0RRths"
    "\n"
    "pPi6eaD+QjhpPccQNVu9L2JfcdweHEhadAJsssZXExkS8nTPGistMe+ED2gdk1hl"
    "\n"
    "fctqDoTW1QjqsQnWbkhkwHdE9MuWYaWtGubfrLNfUweDWyEomYefkyC4ut7GzffX"
    "\n"
    "6WpdGGUWdBE6eV+1ZFVcnNrPRfsXQ4Q5dfYSBLEAjFuA2Vvc1bMdqHtFIBrr+sZP"
    "\n"
    "JQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_rsa_request[] =
    "JOnPvCYiD47Gopo21+peMG6F4qODyJuGmVJguSvFAghnK+FxyugVTX9Wica1VzUC"
    "/+I45GkgKhcar7gm1AvsupDfgXp3UblzSqSkeMz1eCj5IM94najdR0jcrzBObfo3"
    "TjGXfpDN1Nw3smw81Jgosf3IIpKcSGeFRfQosFi6xHmxiFYv03iKEXaSa2V8HcG0"
    "YYrsclZMYx+GPs2NLp6BRlf9ackQsGOYLZYTnEpBqb1Lx/n4uW9v9twV3L9uw2Y4"
    "DDcSLigLRUcNkCHyOa4P7MosI3l/pNVoNYDqIz4SoHKyFmjGJUsFci1PzaL49PSw"
    "D8HZP9ycgC7zWo4cBLxXDQ==";

static const char vector_rsa_answer[] =
    "K4lzXn2HSmE8A/SCANs47eauIbzGOOoiELwAaAr+BGRltPUu9m20KF/AowbJiObo"
    "eduocLd0lBkZRp/B4FgmZdtIbU4NREuvuz3LNfb85U9n9GF3D4jXKZA39Wbd4Mp9"
    "Isap3/A2ZwMSZ69cygq/63c67H+0lQIfJ1U/knAkO4azIkByu154rBaSjsB/dr9L"
    "1b2jRi0YZmclGJ69IOO50kooOMADYllUNhB1xGPguw7w9jg2ucVVxjNjUH70ZhJy"
    "t55ueFKpb27k4j4rcKp0Tv8KG9gp0wrfKNerHWrloY0xTL1vWTvXAnn0mRiw5N2I"
    "M5jgNPQiWUconi01a89oGA==";

static const char vector_rsa_empty_answer[] =
    "SKQQ4WBbaorjk0u4iY0hCSbT5uj6lmQ9h7SWCMzvJRUU/2ACByjbWI05BUnQvxhK"
    "ATjDjMdz5OzU1mjzN5vCEZd30PyJZAXnhMEngQY5HkOg10PAJw7FLc77SaMh7X9g"
    "doIzZ0qRW4sRxfA6qOiPdI29CfbtqR3uD2aIx9s3mrz28gk2gxRqOE29qKF+8+Gd"
    "nOwrFi8PdO9KZ4YCI06qarqtCQdPH8x8C4SZXAQ7GJDNgfd8v19Nf52y0x7UMsLm"
    "VmB5FAdN8QHj9lyz868Q4IrUVhtnAD5z7fgKu8PDtklxp0fCKatHOR33m7e1Ir9c"
    "xxlMqd2A0ZUeZTUIJtmSxQ==";

static const char vector_sm2_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgCEK79G+pJ5+Tnc6h"
    "\n"
    "3hNxRYHO5baEStdiIfsahNzzRv+hRANCAAREEpV1QfYlZZ0cn6NY7h4gt4cnKQ4m"
    "\n"
    "Tf3AjvEJp3Ucm9jsixbSZX/CGihQh7f/2ZoR5XLM1D9l5w5KvCpwbT6B\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_sm2_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAERBKVdUH2JWWdHJ+jWO4eILeHJykO"
    "\n"
    "Jk39wI7xCad1HJvY7IsW0mV/whooUIe3/9maEeVyzNQ/ZecOSrwqcG0+gQ==\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_sm2_request[] =
    "MEUCIQD+UEduDeR+VVL7WxFVr8Ys3cC1eIEjj8unmqAfzR/oAAIgfdwaEQ7JQnHX"
    "5i/oDgOJ82lf966ZpvAjMwkCG6NAlyQ=";

static const char vector_sm2_answer[] =
    "MEYCIQCQdaiTYFM4xPcCOtEFPwBD0zPj63auYRVGRNrurS8pfwIhANmMFml60Cif"
    "A+jjeTyeDhtqYgbyehvTFjo66N7TM+il";

static const char vector_sm2_request_no_id[] =
    "MEYCIQCZLhqSwSluU2kG7NxC5aRQs6dmnryuz31EiQPMMyLoAAIhAP8V1kDC/VR7"
    "QQgNbevqPStFQTKT6XFHsgtIGeopO1zU";

static const char vector_sm2_request_other_id[] =
    "MEUCIBzrFz9l/Tp0rqfjcCsEdct25uIuhDllWVir4AF/rIetAiEAkRknOsC5y2vZ"
    "mvmnaUAXiKZRPVzzs9E4vDPOv51dTy8=";

static const char *const vector_sm2_loose[] = {
    /* a byte behind */
    "MEUCIQD+UEduDeR+VVL7WxFVr8Ys3cC1eIEjj8unmqAfzR/oAAIgfdwaEQ7JQnHX"
    "5i/oDgOJ82lf966ZpvAjMwkCG6NAlyQA",
    /* long-form length */
    "MIFFAiEA/lBHbg3kflVS+1sRVa/GLN3AtXiBI4/Lp5qgH80f6AACIH3cGhEOyUJx"
    "1+Yv6A4DifNpX/eumabwIzMJAhujQJck",
    /* a needless zero */
    "MEYCIgAA/lBHbg3kflVS+1sRVa/GLN3AtXiBI4/Lp5qgH80f6AACIH3cGhEOyUJx"
    "1+Yv6A4DifNpX/eumabwIzMJAhujQJck",
    /* r as it were negative */
    "MEUCIf/+UEduDeR+VVL7WxFVr8Ys3cC1eIEjj8unmqAfzR/oAAIgfdwaEQ7JQnHX"
    "5i/oDgOJ82lf966ZpvAjMwkCG6NAlyQ=",
    /* zeros */
    "MAYCAQACAQA=",
    /* empty */
    "MAA=",
    /* raw r || s */
    "/lBHbg3kflVS+1sRVa/GLN3AtXiBI4/Lp5qgH80f6AB93BoRDslCcdfmL+gOA4nz"
    "aV/3rpmm8CMzCQIbo0CXJA==",
    /* s + n */
    "MEYCIQD+UEduDeR+VVL7WxFVr8Ys3cC1eIEjj8unmqAfzR/oAAIhAX3cGhAOyUJx"
    "1+Yv6A4DifLbY9cZu2z1TobE9iTdFdhH",
};

static const char vector_weak_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3NDTCaGC2i9vALI4nzfG+c0iY"
    "\n"
    "XFHTo0DTGdIpUfPtatOd8pNZWYH9FE4hvh9gm0H4gSJmSfjpfAqMmJo8lmKIrOvM"
    "\n"
    "QxWq12D79HBFXDzIhReWFE7dyMdLHvwX+wPFXkVPrxm6YH9LXbSZtVJWpg38D6KJ"
    "\n"
    "usG6hZ6ZLtnScQo5yQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

typedef struct ProfileVector {
    const char *profile;
    const char *body; /* the whole body; "": the request stands in other vectors */
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
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4"
    "%BA%BA+b\n"
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}\n",
    "JOnPvCYiD47Gopo21+peMG6F4qODyJuGmVJguSvFAghnK+FxyugVTX9Wica1VzUC"
    "/+I45GkgKhcar7gm1AvsupDfgXp3UblzSqSkeMz1eCj5IM94najdR0jcrzBObfo3"
    "TjGXfpDN1Nw3smw81Jgosf3IIpKcSGeFRfQosFi6xHmxiFYv03iKEXaSa2V8HcG0"
    "YYrsclZMYx+GPs2NLp6BRlf9ackQsGOYLZYTnEpBqb1Lx/n4uW9v9twV3L9uw2Y4"
    "DDcSLigLRUcNkCHyOa4P7MosI3l/pNVoNYDqIz4SoHKyFmjGJUsFci1PzaL49PSw"
    "D8HZP9ycgC7zWo4cBLxXDQ==",
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}\n",
    "K4lzXn2HSmE8A/SCANs47eauIbzGOOoiELwAaAr+BGRltPUu9m20KF/AowbJiObo"
    "eduocLd0lBkZRp/B4FgmZdtIbU4NREuvuz3LNfb85U9n9GF3D4jXKZA39Wbd4Mp9"
    "Isap3/A2ZwMSZ69cygq/63c67H+0lQIfJ1U/knAkO4azIkByu154rBaSjsB/dr9L"
    "1b2jRi0YZmclGJ69IOO50kooOMADYllUNhB1xGPguw7w9jg2ucVVxjNjUH70ZhJy"
    "t55ueFKpb27k4j4rcKp0Tv8KG9gp0wrfKNerHWrloY0xTL1vWTvXAnn0mRiw5N2I"
    "M5jgNPQiWUconi01a89oGA==",
    },
    {
    "v3-sm2",
    "",
    "POST\n"
    "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4"
    "%BA%BA+b\n"
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}\n",
    "MEUCIQD+UEduDeR+VVL7WxFVr8Ys3cC1eIEjj8unmqAfzR/oAAIgfdwaEQ7JQnHX"
    "5i/oDgOJ82lf966ZpvAjMwkCG6NAlyQ=",
    "1767225600\n"
    "k3j9x2m8q1\n"
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"descrip"
    "tion\":\"养乐多\"}\n",
    "MEYCIQCQdaiTYFM4xPcCOtEFPwBD0zPj63auYRVGRNrurS8pfwIhANmMFml60Cif"
    "A+jjeTyeDhtqYgbyehvTFjo66N7TM+il",
    },
    {
    "sorted-rsa2",
    "biz_content=%7B%22appid%22%3A%22wx1%22%2C%22amount%22%3A%7B%22to"
    "tal%22%3A100%2C%22currency%22%3A%22CNY%22%7D%2C+%22description%2"
    "2%3A%22%E5%85%BB%E4%B9%90%E5%A4%9A%22%7D&mchid=1900000001&method"
    "=POST+%2Fv3%2Fpay%2Ftransactions%2Fnative&nonce_str=k3j9x2m8q1&t"
    "imestamp=1767225600&serial_no=RSA1&sign_type=RSA2&sign=Nypn6%2F8"
    "I4AhyUAHfZOAr%2F5icJkHQOgvOJ7p9bp46xGGTsVMOxZaw9SWrTmqqOFgpdaK3F"
    "dW%2FdKb6%2F4gBzHSM12dTxOjvrYZiwRXdbC2HeUpoH0bY8IzmTbam6KTggKQvY"
    "L%2BOQdFStr5molxfaHPhApYqRmY92mGfdkhQ3hKUq1NMN3bpMBDPmT0Oi2fvpGb"
    "OE8e9069ooQgzib1xXrlZBgycGAy5lCLz4gBAAdRgjb7Q8osxGixpatZZjfGvpDD"
    "25yHyYULdBT%2BJzDDPXU0qmHvnCW04bNdR6LXKP3qDlQGUdvmy3ycdGN962GmiN"
    "019RLP3yhrbamK1z6hbnOnp6A%3D%3D",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY"
    "\"}, \"description\":\"养乐多\"}&mchid=1900000001&method=POST /v3/pay/tr"
    "ansactions/native&nonce_str=k3j9x2m8q1&serial_no=RSA1&sign_type="
    "RSA2&timestamp=1767225600",
    "Nypn6/8I4AhyUAHfZOAr/5icJkHQOgvOJ7p9bp46xGGTsVMOxZaw9SWrTmqqOFgp"
    "daK3FdW/dKb6/4gBzHSM12dTxOjvrYZiwRXdbC2HeUpoH0bY8IzmTbam6KTggKQv"
    "YL+OQdFStr5molxfaHPhApYqRmY92mGfdkhQ3hKUq1NMN3bpMBDPmT0Oi2fvpGbO"
    "E8e9069ooQgzib1xXrlZBgycGAy5lCLz4gBAAdRgjb7Q8osxGixpatZZjfGvpDD2"
    "5yHyYULdBT+JzDDPXU0qmHvnCW04bNdR6LXKP3qDlQGUdvmy3ycdGN962GmiN019"
    "RLP3yhrbamK1z6hbnOnp6A==",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY"
    "\"}, \"description\":\"养乐多\"}&nonce_str=k3j9x2m8q1&serial_no=PLATFORM"
    "1&sign_type=RSA2&timestamp=1767225600",
    "ZQHWYhVwP+e7WGMvIvIhsfQ4VUsB87k45y+4oUQlR4LIXqI+crubYSkDHzczJo8W"
    "Be6ndNvMjwEQd9UvhsK6MpNhAGQs6yWi65pBNAkeT4afbFz/emHfh8FWM4mEG1jd"
    "5vuI2koMucp2ZEOITdCjjho2bxhvn0AqE4iHImaCJA2OPDYsUxLRSogrjS6zey8D"
    "b6oOQOYw9CaHVAmWiR4/wmHle39NuNa1EUk7lB9fASoZxpl46NfN+s/uQt5tPHp5"
    "Ndb3VWw49kAw+su8NtCeaizv981eONXn6KMVWo1/Gi1iyIZ/DqO2HCOD+kA41Sh9"
    "n/UOioEOTEapNwexnE8Wvw==",
    },
    {
    "sorted-sm2",
    "biz_content=%7B%22appid%22%3A%22wx1%22%2C%22amount%22%3A%7B%22to"
    "tal%22%3A100%2C%22currency%22%3A%22CNY%22%7D%2C+%22description%2"
    "2%3A%22%E5%85%BB%E4%B9%90%E5%A4%9A%22%7D&mchid=1900000001&method"
    "=POST+%2Fv3%2Fpay%2Ftransactions%2Fnative&nonce_str=k3j9x2m8q1&t"
    "imestamp=1767225600&serial_no=SM21&sign_type=SM2&sign=MEUCIBIRu5"
    "Khmsc5hAxj4%2BOrgbIC7E2%2BZkevPcBX8oJ0izfLAiEA9NZ6DMUhbz%2FIGopH"
    "JGLt%2BIgwVzGOqLNOEsPNYSeiOyw%3D",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY"
    "\"}, \"description\":\"养乐多\"}&mchid=1900000001&method=POST /v3/pay/tr"
    "ansactions/native&nonce_str=k3j9x2m8q1&serial_no=SM21&sign_type="
    "SM2&timestamp=1767225600",
    "MEUCIBIRu5Khmsc5hAxj4+OrgbIC7E2+ZkevPcBX8oJ0izfLAiEA9NZ6DMUhbz/I"
    "GopHJGLt+IgwVzGOqLNOEsPNYSeiOyw=",
    "biz_content={\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY"
    "\"}, \"description\":\"养乐多\"}&nonce_str=k3j9x2m8q1&serial_no=PLATFORM"
    "1&sign_type=SM2&timestamp=1767225600",
    "MEQCIAeZM29bMMIfhbiOGNHFaAgXNSyr9SfE7ByuPdG4VDXYAiB3peyHceyP+WwI"
    "Ep1vmUykHwTq8tKkHSTPAsKmrWKSsA==",
    },
    {
    "lianlian-rsa",
    "{\"oid_partner\": \"1900000001\", \"serial_no\": \"RSA1\", \"timestamp\": "
    "\"20260101080000\", \"method\": \"POST /v3/pay/transactions/native\", "
    "\"biz_content\": \"{\\\"appid\\\":\\\"wx1\\\",\\\"amount\\\":{\\\"total\\\":100,\\\"c"
    "urrency\\\":\\\"CNY\\\"}, \\\"description\\\":\\\"养乐多\\\"}\"}",
    "739437ce817c824c38be783fe203223339344e89202408d4fc08f55888c7b7f3",
    "aFwh4geKSajpHDLCrwQ1uIn5VanGK8gHEIzuA7nVJVZrHAsckIt3hkJkFTfxeV9Z"
    "OMe8jvLy0XvJfqLoNGVmerKQ2Y+eBC/wvE4pjqGNjAT+cOEGvA+JleA3pA7t+HYu"
    "Rt0CDYEwBt8v8yLRfG7XdjAdUc3LotrXjz50F/pI4LzES0SiOHxMsZfOWugj86hh"
    "W+30/XZbNrFHwa6+DpOwZ9xj4fjD9HRQ0dydJmxqEAftiNTbMHtj+6QJXL3ryWvn"
    "L3XkeHFZ6hDQCQ0UyKDgIl0s+QilfGsbytzdC0BtbKlCSbblUn3owN1GXS08liEv"
    "LZh9m0R/XVXg+qJ/KNUd7g==",
    "12728cccb42162ba27d30979b090c3ac8fefcc1c51b32efb718dcc35ebdbac57",
    "Q+lnNtVk9friSBSDd4LQfHPwI8aYKPeqRxW8qoIxjVgevAEl9qt6ATOa5mhKJbh9"
    "L26XjuClyVNlMuiLCBhQ8hddWkIHxnlXoNQe6d9v9UVMULS2gCJAaq9ggMyGluVr"
    "8/O9MpXh8FnV00eDW8NMjWCzLLTcd1zW5OyF4hwsvw+6YVCOQ8i/Lab6+U3BMEJu"
    "QwmZNfRXAfDw7CxFILqeCn4HSatHLhli12+mHYK51OvNvii1UqrEvsop2owrC+ij"
    "W9CW7ThAOqknJTuWPSuhLo5Yn0Kcz8ctIBYqz4lMQ470IXWYa3PBoMR4qMsb93OH"
    "KL4NkPDkLdji0n4+KAm5Iw==",
    },
    {
    "lianlian-sm2",
    "{\"oid_partner\": \"1900000001\", \"serial_no\": \"SM21\", \"timestamp\": "
    "\"20260101080000\", \"method\": \"POST /v3/pay/transactions/native\", "
    "\"biz_content\": \"{\\\"appid\\\":\\\"wx1\\\",\\\"amount\\\":{\\\"total\\\":100,\\\"c"
    "urrency\\\":\\\"CNY\\\"}, \\\"description\\\":\\\"养乐多\\\"}\"}",
    "88b3addbe02ecde5132dc5d02093dc0ef72ad1f8f56cf817dca25c5ca905f8be",
    "MEYCIQCHDX+c3JNKtNXGfZtwZiaIZXYaLlilPSEaZ0I5IFK8+QIhAJS4yBBYMLsy"
    "iZv+O0R9tpGC1BN+nIcXLtRpK4M/QEaG",
    "5ab13ec1d342a456eb0b5adf6dfce1f1e95612f3ba01daa2bd7e01d1cb741ffb",
    "MEUCIBPnDyKa2aTliN3ZRwMwtvajhZUn+hhlcYn6vbVRmn60AiEA5ne69lLnaUgS"
    "wjZfaNYVEhlJ3jbikM461OinFXDBeug=",
    },
    {
    "lianlian-md5",
    "{\"oid_partner\": \"1900000001\", \"serial_no\": \"RSA1\", \"timestamp\": "
    "\"20260101080000\", \"method\": \"POST /v3/pay/transactions/native\", "
    "\"biz_content\": \"{\\\"appid\\\":\\\"wx1\\\",\\\"amount\\\":{\\\"total\\\":100,\\\"c"
    "urrency\\\":\\\"CNY\\\"}, \\\"description\\\":\\\"养乐多\\\"}\"}",
    "8c8c0ccba5b0485517dac9eeacb39c64",
    "WcQMdZ1C6CsunYHUdrqJqEuU6fFTm9KEvXhEfhkO+bTbGN1eEYVVD+Q4i9KAeVuv"
    "Yw8JW1WBzjfgKQkmzcpsNSZDYDCv2HC0LL0Y9Y1WyaFsKwvsVo+zYcupaa9TeC3s"
    "7DLXcvOSgYMuG7WiQRqvfvbqIWd2S7SOd4Gu0gzFt3Xd3hO9HNqQ/9vHbKcbIhbe"
    "rDlRDVxxtct4vYlMdKufG5WAOJUMyyBLXQkfBITxFERde9jnpnZZZvfXkOZNOzBW"
    "scdqctLAx08EIalOehuzJpiObxZAS4Je4D7EyN/WnteaXzG9WhJhBCuTOwjuehhi"
    "MderSWeoURnQSnDrnP++kw==",
    "12728cccb42162ba27d30979b090c3ac8fefcc1c51b32efb718dcc35ebdbac57",
    "Q+lnNtVk9friSBSDd4LQfHPwI8aYKPeqRxW8qoIxjVgevAEl9qt6ATOa5mhKJbh9"
    "L26XjuClyVNlMuiLCBhQ8hddWkIHxnlXoNQe6d9v9UVMULS2gCJAaq9ggMyGluVr"
    "8/O9MpXh8FnV00eDW8NMjWCzLLTcd1zW5OyF4hwsvw+6YVCOQ8i/Lab6+U3BMEJu"
    "QwmZNfRXAfDw7CxFILqeCn4HSatHLhli12+mHYK51OvNvii1UqrEvsop2owrC+ij"
    "W9CW7ThAOqknJTuWPSuhLo5Yn0Kcz8ctIBYqz4lMQ470IXWYa3PBoMR4qMsb93OH"
    "KL4NkPDkLdji0n4+KAm5Iw==",
    },
};
