// Promise P9 of SECURITY.md: the hashes of imported accounts. The vectors were made by the programs that they name; the
// costs of some were lowered, so that the tests take no time.
#include <string>
#include <string_view>
#include <vector>

#include "auth/password_check.hpp"
#include "auth/stored_hash.hpp"
#include "support/catch.hpp"

using namespace porter::detail::auth;
using porter::detail::base::hash_cost;
using verify_result = hash_function::verify_result;

namespace {

constexpr std::size_t little = 8 * 1024;
constexpr std::string_view password = "four quiet lanterns";
constexpr hash_cost no_more{8, 1};

struct vector_of {
    std::string_view origin;
    std::string text;
    bool is_wrapped = false;
    std::string_view of = password;
};

std::vector<vector_of> const vectors{
    // mkpasswd of whois 5.5.17, on libcrypt 4.4.33
    {"yescrypt", "$y$j9T$dtqe5gsPBuXrQivVGX9Dt/$vLD3lzIRwQcQ4HIo4LLiLpOG1y9lqiAn4ET2a8xB4s4"},
    {"yescrypt -R 1", "$y$j75$ppWrGF2EymUvGyRvgSq3o/$.g8HcDWzTWdoYKeLN.8j/57gxTTCz/2/4uYoYIbjsd4"},
    {"yescrypt -R 3", "$y$j7T$W5xH1NT0JEoONRaWl7xjv.$EQc8h8y78r35PS8WyJqRUFbUUrK1zFhOwe5WHKlt/fD"},
    {"bcrypt -R 10", "$2b$10$FFHBVNsNErrDkRYLgXrwOeWU1GZgRRyJMrEQA32s6KtexcbbikdNe"},
    {"bcrypt-a -R 10", "$2a$10$bcg/u1X42oZqnUoUyd5mUOawecC4AiJnxdCclGNskfsmjdh5pzFXO"},
    {"bcrypt", "$2b$05$JXmNNE.28cdMNy6Ihgany.3Ex8MqEY8odvJsdp8cMAhDE9c9oIxkO", true},
    {"sha512crypt",
     "$6$u1ffTeU/W.Z2vF.L$zvanGmbmjD5pV9BBVdivbztyOtDYFsTPcNsZOvd7TFSUGARJukGNhpgK/BtQwbFdPWZ0rK2RFf1NCjbdWNkKZ0",
     true},
    {"sha512crypt -R 10000",
     "$6$rounds=10000$d2uz769ltFNiK6Kc$"
     "EsniOqFVJ9KCm/X8fFE/08CPSMRNJkFxpUlrFHXJirTMqRlsKRAy6w1aUZwaPfm1Zv0JVklLI0ujkgebdxaFP.",
     true},
    {"sha256crypt", "$5$suRhYMRAyJA1jjRl$b7/GTS3jScp9kYcHij7ZQQqIxsll0jeDirkZOJUChc1", true},
    // crypt of Python 3.11
    {"python crypt",
     "$6$7d5nYytiKFQ1wIMx$kDyIneghVq2ffcTHahMQXxUnpf.SKXtL8l3o5aoFFutuaHzbFEUoa/mFduBvU/DFpoe9Ii.90y6nF6uyR5T/2.",
     true},
    // bcrypt 3.2 for Python
    {"python bcrypt", "$2b$10$XaOEu936JrAnkL3tYhD7F.v0gScTE8c3.7Yb0JkiFHNLk5/0108w."},
    // htpasswd of apache2-utils 2.4
    {"htpasswd -B -C 10", "$2y$10$IoqN0mTjXXO6ahxj261GiOb.uypaFDN0EI/j0enRElzo.Z9PL.hRq"},
    {"htpasswd -s", "{SHA}Prmxb7ny2wNNHQQUqdsxm44Jl8Q=", true},
    // argon2-cffi 21 for Python
    {"argon2id of two lanes", "$argon2id$v=19$m=64,t=1,p=2$hmvUlj7Miwc$vyRsy1nn/9lo4bDBw+6szw"},
    {"argon2i", "$argon2i$v=19$m=1024,t=2,p=2$tjXrLmICDOmu0YHVSc0ofA$9KW2yh6NRV0/jEiJOGvuIGpZRMlUQhHRRc024ET62pw"},
    {"argon2id", "$argon2id$v=19$m=4096,t=2,p=1$YTRt+jH00jkgxy2Rn8VoeQ$KjM5sd65XgC7YRBHwO+g1YAirjAA01ZoceMVrnVzMDM"},
    // Django: 3.2, and the examples of its own tests, with the password of these
    {"django argon2", "argon2$argon2id$v=19$m=102400,t=2,p=8$TmFDbFNhbHQyMDI2$cTLmUprkFwVmJULyp4qJ3A"},
    {"django pbkdf2", "pbkdf2_sha256$1000$NaClSalt2026$BYJbjEMA5MzaCo/zFGpw5QQxvHtscJ8IyOGCjKD0Mq0=", true},
    {"django pbkdf2 of SHA-1", "pbkdf2_sha1$1000$NaClSalt2026$5NcW/N54upjO3ntC1StzBYLf3eY=", true},
    {"django's pbkdf2", "pbkdf2_sha256$260000$seasalt$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo=", true, "lètmein"},
    {"django's scrypt",
     "scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/"
     "vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==",
     false, "lètmein"},
    // mosquitto_passwd 2.0, and with -H sha512
    {"mosquitto",
     "$7$101$z09G6dPW1Dh6fVpB$7rTpv9OLD5VXqo86T/7Go5Vi/SuEwPk8SXMagKgn6B5A/vZ/dXpBosqAu7qFL7PgHhazfN96txzZjQEyY6n0lw==",
     true},
    {"mosquitto -H sha512",
     "$6$Ngb/dJh+Hk9QXmQT$J42H9xkX4WgcFLwmUJRl2kFN4vH5q/TtIQvrHWdEW9sxV9RWwQkzTqswUPo8CsW/c71jwvlCZ+tnqdwWtE2BCg==",
     true},
    // doveadm pw of Dovecot 2.3
    {"dovecot SSHA", "{SSHA}YJNtPcSgRxu/yrlJSPHbf+M05DikQNIQ", true},
    {"dovecot SSHA256", "{SSHA256}0DFJ3OF/Ool3vNI7QtNRjGA23jjzyni0uhacsyK9wzDnQmmm", true},
    {"dovecot SSHA512",
     "{SSHA512}2S4l+GAb22MAsogKw1QJsL0iWf+sKMsQaN7CVS3tYZFY9sxO0UvI392YINlfumYVwAWdUsOvpQNcLav2EC07pJbp+gA=", true},
    {"dovecot SHA256", "{SHA256}jG5JsYaQ8JgXiAaStFezbg3I4baiKSzYBcaEze4S2Xk=", true},
    {"dovecot SHA512",
     "{SHA512}tltfpDiYKj4srdaZ2bCZgqoTi+dFh8P7uFBBG5C25VMon7Unh9NZsG5wZ6qhmd0gEyHBU6TabfKhZTfLUKalow==", true},
    {"dovecot PBKDF2", "{PBKDF2}$1$nnq5QreN066Jujkk$5000$e8692e2368227716937f0dbc5d28f959e426180a", true},
    {"dovecot BLF-CRYPT", "{BLF-CRYPT}$2y$05$mslaztXuJfpYIk2MJRzfZ.WHunf0Mhx8NjGrRMFpAeCBUrSSmT2eK", true},
    {"dovecot SHA512-CRYPT",
     "{SHA512-CRYPT}$6$vWxxKvOsi3uWIp/G$"
     "pg0O4wXBqXnAZPSA1yJZ3CyQvn6RC14VLpM64EHQnn3KXBkEv9lW5WWDiUy6xEe9Wl6vqLYb3QDc451cOfdE91",
     true},
    {"dovecot SHA256-CRYPT", "{SHA256-CRYPT}$5$h6b3oHGABWwFa0BA$EBRUhFqiNgZUJiEcUcsRg92RjfUKUV1knzP7i.yqs0C", true},
    {"dovecot CRYPT", "{crypt}$2y$05$KPrzq4u6rMsUhTlv0wC71unsAT4/CASzcEo4WQ2/ipPGdKz1Tz2R6", true},
    {"dovecot ARGON2I",
     "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$xXZdQj9o20W49jAPOX/USQ$QJyYaiPFGbenru8KTcQWs3ibPag+BqlwAE8eoZAQXxw"},
    {"dovecot ARGON2ID",
     "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$wFxD8CgmxBjtyriCSFFw2Q$IrIz3S5OD/v52QTTzq06VuTNGKBiM5BySW2w1ouHAAM"},
};

std::string reason(std::string_view text)
{
    auto const read = read_imported_hash(text, no_more);
    return read ? "accepted" : std::string{read.error()};
}

std::string stored_form_of(stored_hash& function, std::string_view text)
{
    auto const read = read_imported_hash(text, no_more);
    REQUIRE(read);
    auto stored = function.adopt(*read);
    REQUIRE(stored);
    return *stored;
}

}  // namespace

TEST_CASE("a hash of another program verifies its password alone")
{
    auto const& each = GENERATE(from_range(vectors));
    CAPTURE(each.origin);
    stored_hash function{little, 1};
    auto const stored = stored_form_of(function, each.text);
    CHECK(stored_hash::is_readable(stored));
    CHECK(function.verify(stored, each.of) == verify_result::match);
    CHECK(function.verify(stored, "four quiet lantern") == verify_result::mismatch);
    CHECK(function.verify(stored, std::string{each.of} + " ") == verify_result::mismatch);
    CHECK(function.verify(stored, "") == verify_result::mismatch);
    CHECK(function.verify(stored, std::string_view{"four quiet lanterns\0x", 21}) == verify_result::mismatch);
}

TEST_CASE("a hash of another program is stale and a weak one is stored within Argon2id")
{
    stored_hash function{little, 1};
    for (auto const& each : vectors) {
        CAPTURE(each.origin);
        auto const stored = stored_form_of(function, each.text);
        CHECK(function.is_stale(stored));
        CHECK(stored.starts_with("$wrapped$argon2id$v=19$m=8,t=1,p=1$") == each.is_wrapped);
        if (each.is_wrapped) {
            // The check of an unknown name computes the same cost.
            CHECK(function.cost_of(stored) == function.cost());
            auto const digest = each.text.substr(each.text.size() - 20);
            CHECK(stored.find(digest) == std::string::npos);
        } else {
            CHECK(each.text.ends_with(stored));
        }
        // What is exported can be imported again.
        CHECK(stored_form_of(function, stored) == stored);
    }
}

TEST_CASE("two weak hashes of one password are stored with different salts")
{
    stored_hash function{little, 1};
    CHECK(stored_form_of(function, "{SHA}Prmxb7ny2wNNHQQUqdsxm44Jl8Q=") !=
          stored_form_of(function, "{SHA}Prmxb7ny2wNNHQQUqdsxm44Jl8Q="));
}

TEST_CASE("a hash that costs too much is refused and not computed")
{
    constexpr auto too_costly = "the hash costs more memory or time than porterd computes for an imported one";
    std::string const salt_and_digest = "FFHBVNsNErrDkRYLgXrwOeWU1GZgRRyJMrEQA32s6KtexcbbikdNe";
    std::string const sha = "u1ffTeU/W.Z2vF.L$" + std::string(86, 'x');
    std::string const yescrypt = "dtqe5gsPBuXrQivVGX9Dt/$" + std::string(43, 'x');
    std::string const digest =
        "ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpuEf5vw==";
    CHECK(reason("$2b$14$" + salt_and_digest) == "accepted");
    CHECK(reason("$2b$15$" + salt_and_digest) == too_costly);
    CHECK(reason("$2b$31$" + salt_and_digest) == too_costly);
    CHECK(reason("$6$rounds=1000000$" + sha) == "accepted");
    CHECK(reason("$6$rounds=1000001$" + sha) == too_costly);
    CHECK(reason("$6$rounds=999999999$" + sha) == too_costly);
    CHECK(reason("$y$jDT$" + yescrypt) == "accepted");  // 256 MiB
    CHECK(reason("$y$jET$" + yescrypt) == too_costly);  // 512 MiB
    CHECK(reason("$y$jjj$" + yescrypt) == too_costly);
    CHECK(reason("scrypt$262144$salt$8$1$" + digest) == "accepted");
    CHECK(reason("scrypt$262144$salt$8$2$" + digest) == "accepted");
    CHECK(reason("scrypt$262144$salt$8$3$" + digest) == too_costly);
    CHECK(reason("scrypt$524288$salt$8$1$" + digest) == too_costly);
    CHECK(reason("scrypt$2147483648$salt$4294967295$4294967295$" + digest) == too_costly);
    CHECK(reason("pbkdf2_sha256$2000000$s$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo=") == "accepted");
    CHECK(reason("pbkdf2_sha256$2000001$s$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo=") == too_costly);
    for (auto const* text : {"$2b$15$", "$2b$31$"}) CHECK_FALSE(stored_hash::is_readable(text + salt_and_digest));
    CHECK_FALSE(stored_hash::is_readable("scrypt$524288$salt$8$1$" + digest));
}

TEST_CASE("an Argon2 hash may cost as much as new hashes if that is more than the bound")
{
    auto const with = [](std::string const& parameters) {
        return "$argon2id$v=19$" + parameters +
               ",p=1$YTRt+jH00jkgxy2Rn8VoeQ$KjM5sd65XgC7YRBHwO+g1YAirjAA01ZoceMVrnVzMDM";
    };
    auto const is_accepted = [&](std::string const& parameters, hash_cost const& most) {
        return read_imported_hash(with(parameters), most).has_value();
    };
    CHECK(is_accepted("m=262144,t=4", no_more));
    CHECK_FALSE(is_accepted("m=262144,t=5", no_more));
    CHECK_FALSE(is_accepted("m=262145,t=1", no_more));
    CHECK_FALSE(is_accepted("m=8,t=1001", no_more));
    CHECK_FALSE(is_accepted("m=4294967295,t=4294967295", no_more));
    CHECK(is_accepted("m=524288,t=3", hash_cost{524288, 3}));
    CHECK_FALSE(is_accepted("m=524288,t=4", hash_cost{524288, 3}));
    CHECK_FALSE(is_accepted("m=4194304,t=5", hash_cost{4194304, 1000}));
}

TEST_CASE("the reason of a refusal does not have the text")
{
    constexpr auto damaged = "the hash is damaged";
    constexpr auto unknown = "the hash is of a kind that cannot be imported";
    constexpr auto too_old = "the hash is of MD5 or DES, which is not imported";
    CHECK(reason("") == "the hash is missing");
    for (auto const* text : {"secret", "x", "$", "$3$x", "$gy$j9T$AeVrjsidEQinXng2nWHKs.$mtbX", "{CRAM-MD5}abcd", "{}",
                             "bcrypt_sha256$$2b$12$abc", "$7$CU..../....1EhWi/7sMQ$2OLKSn0jr", "$2x$05$abc", "$2"}) {
        CAPTURE(text);
        CHECK(reason(text) == unknown);
    }
    for (auto const* text :
         {"$1$d5ncfQag$TFEUssl2eFcRdY4xWfT/f1", "$apr1$e2GABXrI$r1/JNTPlg2DItcCgs9gTe.", "{CRYPT}4lfWOOHxEstKU"}) {
        CHECK(reason(text) == too_old);
    }
    CHECK(reason("{PLAIN}secret") == "the password itself is there, and not a hash of it");
    for (auto const* text : {"{SSHA}",
                             "{SSHA}Prmxb7ny2wNNHQQUqdsxm44Jl8Q=",
                             "{SHA}YJNtPcSgRxu/yrlJSPHbf+M05DikQNIQ",
                             "{SHA}!",
                             "{SHA",

                             "$2b$3$x",
                             "$2b$03$FFHBVNsNErrDkRYLgXrwOeWU1GZgRRyJMrEQA32s6KtexcbbikdNe",
                             "$2b$10$FFHBVNsNErrDkRYLgXrwOeWU1GZgRRyJMrEQA32s6Kte:cbbikdNe",
                             "$6$rounds=999$salt$x",
                             "$6$rounds=05000$s$x",
                             "$5$suRhYMRAyJA1jjRl$b7/GTS3jScp9kYcHij7ZQQqIxsll0jeDirkZOJUCh",
                             "$y$",
                             "$y$j9T$",
                             "$y$j9T$a$b",
                             "$y$k9T$a$b",
                             "pbkdf2_sha256$0$s$YlZ2Vggtqdc61YjArZuoApoBh9JNGYoDRBUGu6tcJQo=",
                             "pbkdf2_sha256$1$s",
                             "pbkdf2_sha256$-1$s$AAAA",
                             "{PBKDF2}$1$nnq5QreN066Jujkk$5000$e8692e",
                             "{PBKDF2}x",
                             "scrypt$3$s$8$1$AAAA",
                             "scrypt$1024$s$0$1$AAAA",
                             "$argon2id$v=16$m=64,t=1,p=2$hmvUlj7Miwc$vyRsy1nn/9lo4bDBw+6szw",
                             "$argon2d$v=19$m=64,t=1,p=2$hmvUlj7Miwc$x",
                             "$argon2id$v=19$m=8,t=1,p=2$hmvUlj7Miwc$vyRsy1nn/9lo4bDBw+6szw",
                             "$argon2id$v=19$m=64,t=0,p=2$hmvUlj7Miwc$vyRs",
                             "$7$101$z09G6dPW1Dh6fVpB$AAAA",
                             "$wrapped",
                             "$wrapped$argon2id$v=19$m=8,t=1,p=1$x"}) {
        CAPTURE(text);
        CHECK(reason(text) == damaged);
    }
}

TEST_CASE("any changed character of a stored hash makes it unreadable or another hash")
{
    stored_hash function{little, 1};
    for (auto const* text : {"{SHA}Prmxb7ny2wNNHQQUqdsxm44Jl8Q=", "{SSHA}YJNtPcSgRxu/yrlJSPHbf+M05DikQNIQ",
                             "$argon2id$v=19$m=64,t=1,p=2$hmvUlj7Miwc$vyRsy1nn/9lo4bDBw+6szw"}) {
        auto const stored = stored_form_of(function, text);
        for (std::size_t at = 0; at < stored.size(); ++at) {
            auto changed = stored;
            changed[at] = changed[at] == '#' ? '%' : '#';
            CHECK_FALSE(stored_hash::is_readable(changed));
            CHECK(function.verify(changed, password) == verify_result::unreadable);
        }
    }
}

TEST_CASE("a password check takes the hash of an imported account like any other")
{
    stored_hash function{little, 1};
    std::vector<hash_cost> const costs{function.cost(), hash_cost{16, 1}};
    for (auto const* text : {"{SSHA}YJNtPcSgRxu/yrlJSPHbf+M05DikQNIQ",
                             "$y$j75$ppWrGF2EymUvGyRvgSq3o/$.g8HcDWzTWdoYKeLN.8j/57gxTTCz/2/4uYoYIbjsd4"}) {
        auto const stored = stored_form_of(function, text);
        CHECK(check_password(function, stored, costs, password) == check_result::match);
        CHECK(check_password(function, stored, costs, "other") == check_result::mismatch);
    }
    CHECK(check_password(function, "$2b$31$x", costs, password) == check_result::unreadable);
    CHECK(check_password(function, "{PLAIN}four quiet lanterns", costs, password) == check_result::unreadable);
    CHECK(check_password(function, std::nullopt, costs, password) == check_result::mismatch);
}

TEST_CASE("a weak hash that was not wrapped is not readable as a stored one")
{
    for (auto const* text :
         {"{SSHA}YJNtPcSgRxu/yrlJSPHbf+M05DikQNIQ", "$5$suRhYMRAyJA1jjRl$b7/GTS3jScp9kYcHij7ZQQqIxsll0jeDirkZOJUChc1",
          "$2b$05$JXmNNE.28cdMNy6Ihgany.3Ex8MqEY8odvJsdp8cMAhDE9c9oIxkO"}) {
        CHECK_FALSE(stored_hash::is_readable(text));
    }
}

TEST_CASE("a hash of our own is neither wrapped nor stale")
{
    stored_hash function{little, 1};
    auto const own = function.make(password);
    REQUIRE(own);
    CHECK_FALSE(function.is_stale(*own));
    CHECK(function.verify(*own, password) == verify_result::match);
    CHECK(stored_form_of(function, *own) == *own);
}
