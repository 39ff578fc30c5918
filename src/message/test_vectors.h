#pragma once
/* Made by make_vectors.py: keys for tests only, and signatures computed without our crypto library. */
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
    "{\"appid\":\"wx1\",\"amount\":{\"total\":100,\"currency\":\"CNY\"}, \"description\":\"养乐多\"}\n";

static const char vector_rsa_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC/Kuhrrn5tWYIQ\n"
    "VMZZJFEVdyJ27gw84zYHn0xGJ70D6lI/qun9ptKBqsvBIz/uKW/HYQxktiCSp4tt\n"
    "rpkhWhWkFkB0kYF+ie2jzfQT9LCcT+5ZeZgU5B8ctZh/62kEHK+p79bshjbcV24a\n"
    "Xgu0B6HP+i/CxXkbkYsDGGPqtFJrRsrgmXGojURSg7hve69X1D/yAfF0k1IaOuxK\n"
    "3bsgk8mR0zfR+OOU9d6hW5zgygNoJwzmsndf6zSslgGUtUNtCMR9O2AXJw9fwbjD\n"
    "gCYcveHPtOZxrUmVLbtpwzVUXuIrZVtDWWeT9WrXxCeelXkDf2eM0a5BY1NwdViT\n"
    "+78QVgmRAgMBAAECggEAC/EkP8XQxAf5ZgfFtD/eiNa+YmuQfCU9dNBwtVk6J4p1\n"
    "xOBqaZwIPm1q+Q+4qKoR/4SCf7AY7NBml11212yHOY7iS+XjDwKSw87T1oNMnRcp\n"
    "LpG3/GYbw3Fcq3ELSGR6XMVMyc3Ak5cqm58QYBix9QoN/b7UR/KZmoHli/3jwCu6\n"
    "LoiI+7p8W2DYjZILgardYjtxgfQurX4cCochA4YA1ziNWZ8Fej2+azNPf9uA+KXR\n"
    "MCZBeg54R9+O12XnaRwJLZP0CK893E/C1Ug0SbJJLQOITqDOUeWAT+naLOoKZ6JV\n"
    "ZdqmV598JeoEsCHKgV6807QbFiXbuTlH4CHFtHpLgQKBgQD0MdoDSZL2Y3KDvc1A\n"
    "YO3YAB3VlCNLAVla+M6BD2Dn5lhKal9tOU1n/ur7d7PgG5s88V8sh96C3mNKqxYo\n"
    "BMUi+cqE5eNBsDAureZieTbD6HgdiSN7ry+DTYTaYxe6iLcekTY3mxTsfwVL/e2d\n"
    "fQzofJODQwWo9iIsk1DDyCZwyQKBgQDIaMs3k+lqdM6teh3rqxb9Mv8DZwXPtyjB\n"
    "ref8fxBXhqAI6EOaC+r0Yw0Jw3FhcePdl5B4eMGjBtxgr4vsEiG4rIPjyCJAxRpI\n"
    "3MIPjptSeQOsom87aHFjKv2Ra9MEA26EOBMq096hxsnzYThDYNno1mgDlWFtAVP6\n"
    "g+EEpVs+iQKBgQDncqiUHRPx++f5/deggT5tUA728+VPngO3OcNgh9btdWGRhqjT\n"
    "uVAolXDaz2Xpr8C/TndKmazIlUe+6dGiNIM011SgCdQP2pKQa7rE8uZ5YMkYFXdQ\n"
    "L4b1CHA3HVzMK/CERFYC9jYqwWmf0Rl5/6BQamLWMpwWvNM/NJGEPxxQIQKBgAh/\n"
    "gRaDPCOafmUWx4wFvjzQW8XuKW3sa1sDH9IyJSRA/ipChxNSLA1e4d+nHPiv1qS/\n"
    "1410OWnLUa774qgJAMsO7azMAL/UW8/5JHV6a5Wssf4xCRxwylYVLZlsBA+ogZgz\n"
    "tIRdZZRglJGwbq1UvwjDhreYLwBrTP9Tdkg3Js5ZAoGBAOJWzoRlbmD17zHf+ODY\n"
    "hvZs3NLlyNqX19018ATJtM5pwJVEOA53mXD4dqud5n0iTmKBnFhc74z4KdXpXjs7\n"
    "VZLlTbcW0mMCG1fN1Yzk2ojXqcjgIty3YOWXRduv1u7WXnZmhMB3/NSPwnn4qHqP\n"
    "Z4ueYNAKmO9F3USts3xGP1Vy\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_rsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvyroa65+bVmCEFTGWSRR\n"
    "FXcidu4MPOM2B59MRie9A+pSP6rp/abSgarLwSM/7ilvx2EMZLYgkqeLba6ZIVoV\n"
    "pBZAdJGBfonto830E/SwnE/uWXmYFOQfHLWYf+tpBByvqe/W7IY23FduGl4LtAeh\n"
    "z/ovwsV5G5GLAxhj6rRSa0bK4JlxqI1EUoO4b3uvV9Q/8gHxdJNSGjrsSt27IJPJ\n"
    "kdM30fjjlPXeoVuc4MoDaCcM5rJ3X+s0rJYBlLVDbQjEfTtgFycPX8G4w4AmHL3h\n"
    "z7Tmca1JlS27acM1VF7iK2VbQ1lnk/Vq18QnnpV5A39njNGuQWNTcHVYk/u/EFYJ\n"
    "kQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_rsa_request[] =
    "a0lSil0Ql0LE7//q10dmRI1ELcae/u2BTEhKiL1CqDN9c/BQQuuXM1NZIJ3hZxXUccqJzuGVd+lZnisdGE+iq+hMW7w5TPTGEWzuOoNYMGb3SVD414fv+E1jWXgbxKxClmw2WWzPzIwSW7kIjMiL4DO33OBuM5Jbds0fv4TZqxZC2QTpa47boHeGuhqmHxomJ6wN0klrx9rpKHMiCURP5RnM/sSjbEkOqUeg/McVj0bmoe5nkCHU3SXZx+0XgkgcBCGMNj2/P6jiVJY9YmWCmlGScbqQqzTO3hCeiKJq9Ki8JzwDc0Gl0qo4VZiVE2q992JAxIPnTLR4osPaPqxIWA==";

static const char vector_rsa_answer[] =
    "pxAJ+WtEolb1im2Ms8pQRfCQXDJHEBEzpu27jic0oXWvzWOr0pa9Zl6wlW0COQ1OsFNu92QezlFfOy70p011QbmC3MXUS/8KhYuWiEILHXbNZM/Eft104MLx9o34yCWrRxKwkAD9qOZr4hlzXJY3wqqcK+W65mPOQBJNdbAh5YldrOWh23VOdHwXxSKJcqEp05bpQBap0TrBx3bST7PgM/O572DEnLrtd/LRygE1ZIbHfDz5ZxJzuBR6qmE+Mj/jYiqRtRbmWNjLCAF+EjE77CTV5QWz5t/SGexFUUEQh2OqSGB061pxAoiQMkJIQKcPe/86J5WgvyXkrcN4qJ4dPA==";

static const char vector_rsa_empty_answer[] =
    "gyQolkoFGVGmB1o3JUT8mr8SLZ5rI0eKSlNJGSjaPb66fw3NQ7roAtAAY2DzufGW6XC8NUx78lRn4ANnF/OZA0WAhsFiBM2nHu2WSdfgq5nBcG/ML2M3qQL1boOETVcWPsnGr8WpuL5d9eHsKFkHiIm5tLEDbR+xSnL8/IaEBb7C6SJA4AeQVUuwx+cJEv25Fcyh/VthsW4lAW0Gk4/u+vMiq+m4RIh0tKJIESkgEc85yL3aPH9es/WzhfTgLLO/5ZJuQnUinXqxWMzSmSbR0A87TJk0may9amxPOcCtM6rq3quCBXmSZN048rCqmGHCPirX23hneNAdrIRMVMM4xA==";

static const char vector_sm2_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgdLMZEMuLLeat4O29\n"
    "rTyXPImVq172Spei2DmIDn0F6nKhRANCAASfw6BjzeGobnU8BN4jGDSD7RnkRVWT\n"
    "/IITyxg0b/Ke6Lsl0CAweiY4ZjYmlMVSPQEN9StEaZEyMk5Rtfb92ZT1\n"
    "-----END PRIVATE KEY-----\n";

static const char vector_sm2_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEn8OgY83hqG51PATeIxg0g+0Z5EVV\n"
    "k/yCE8sYNG/ynui7JdAgMHomOGY2JpTFUj0BDfUrRGmRMjJOUbX2/dmU9Q==\n"
    "-----END PUBLIC KEY-----\n";

static const char vector_sm2_request[] =
    "MEUCIQDIiCE2rhddNiQ91zsE1WgtotiPbRE8hMp9W2WjVKc8XwIgG8l2PDGGwjTCXTAVkV9m9Dh+xGXqYRhbMBAGknlTNS4=";

static const char vector_sm2_answer[] =
    "MEUCIFcemtQHgxRsHfGHdMKpxAuSBPPF2Ij2lK1N+8OUdQoGAiEAuR2ywwaKrrYD5NxoWbtAkYQHWMVv78UaaOI7alFY480=";

static const char vector_sm2_request_no_id[] =
    "MEYCIQCw6Vf6fNr1qTERaoHuDQiK3budAq5KS/EbB0tRQXJxYwIhALfHJD1fZGSumS7pzZykcJFCza4XDtuCoXsSBklLnvyV";

static const char vector_sm2_request_other_id[] =
    "MEYCIQDtw51m/Xi3Jq4GLIZLKtgGeuf+m+0Aym8tgbZ1boK8egIhAPiscNeSMJhi/MrbMEHtWntJVkTXj0Mgyomy2wpOeZ/6";

static const char *const vector_sm2_loose[] = {
    "MEUCIQDIiCE2rhddNiQ91zsE1WgtotiPbRE8hMp9W2WjVKc8XwIgG8l2PDGGwjTCXTAVkV9m9Dh+xGXqYRhbMBAGknlTNS4A", /* a byte behind */
    "MIFFAiEAyIghNq4XXTYkPdc7BNVoLaLYj20RPITKfVtlo1SnPF8CIBvJdjwxhsI0wl0wFZFfZvQ4fsRl6mEYWzAQBpJ5UzUu", /* long-form length */
    "MEYCIgAAyIghNq4XXTYkPdc7BNVoLaLYj20RPITKfVtlo1SnPF8CIBvJdjwxhsI0wl0wFZFfZvQ4fsRl6mEYWzAQBpJ5UzUu", /* a needless zero */
    "MEUCIf/IiCE2rhddNiQ91zsE1WgtotiPbRE8hMp9W2WjVKc8XwIgG8l2PDGGwjTCXTAVkV9m9Dh+xGXqYRhbMBAGknlTNS4=", /* r as it were negative */
    "MAYCAQACAQA=", /* zeros */
    "MAA=", /* empty */
    "yIghNq4XXTYkPdc7BNVoLaLYj20RPITKfVtlo1SnPF8byXY8MYbCNMJdMBWRX2b0OH7EZephGFswEAaSeVM1Lg==", /* raw r || s */
    "MEYCIQDIiCE2rhddNiQ91zsE1WgtotiPbRE8hMp9W2WjVKc8XwIhARvJdjsxhsI0wl0wFZFfZvOqgqPRDCcdhoPL+puzKHZR", /* s + n */
};

static const char vector_weak_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKmPpmr3U3pLxWpDLi6cvAaI6U\n"
    "pg8ts8rLXAasVjEh09OVf1dpvGU+q9yP5M//TxeBwGAM+BwY0DJW7duUsI1UpniW\n"
    "u9A40lGhIk3vV53lVDkvVXkMmXMzq0kRr8PmuTeQCLUegEym852ks6DwWqv9EOa1\n"
    "gm0J5itZE7luOEb/pwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

