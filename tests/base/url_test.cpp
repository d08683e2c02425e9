#include "base/url.hpp"

#include "support/catch.hpp"

using namespace porter::detail::base;

TEST_CASE("a URL begins with a scheme")
{
    CHECK(is_url("postgresql://db1.example/porter"));
    CHECK(is_url("mysql://"));
    CHECK(is_url("a+b-c.2://x"));
    for (auto const* path : {"", "porter.db", "/var/lib/porter.db", "./postgresql://x", "://x", "2a://x", "a b://x",
                             "/a://x", "postgresql:/x", "C:\\porter.db"}) {
        CHECK_FALSE(is_url(path));
    }
}

TEST_CASE("PostgreSQL has two schemes")
{
    CHECK(is_postgresql_url("postgresql:///porter"));
    CHECK(is_postgresql_url("postgres:///porter"));
    CHECK_FALSE(is_postgresql_url("postgresqls:///porter"));
    CHECK_FALSE(is_postgresql_url("porter.db"));
}

TEST_CASE("a password in a URL is found")
{
    for (auto const* url :
         {"postgresql://a:b@host/porter", "postgresql://:b@/porter", "postgres://a:@host",
          "postgresql://a:b@[::1]:5432", "postgresql://a@host/porter?password=b",
          "postgresql:///porter?user=a&sslpassword=b", "postgresql://u:s3?cret@h/db", "postgresql://h/db?pass%77ord=b",
          "postgresql://h/db?%50ASSWORD=b", "postgresql://h?x=%3d&password=b", "postgresql://h/db?scram_client_key=b",
          "postgresql://h/db?oauth_client_secret=b", "postgresql://u?@h/db?password=b", "postgresql://u:pass/word@h/db",
          "postgresql://u@corp:pass/wo?rd@h/db"}) {
        INFO(url);
        CHECK(has_password(url));
    }
    for (auto const* url : {"postgresql:///porter", "postgresql://host:5432/porter", "postgresql://a@host:5432/porter",
                            "postgresql://[::1]:5432/porter", "postgresql://a@host/porter?passfile=b:c@d",
                            "postgresql://host/por:ter@x", "postgresql://host:5432/porter@x",
                            "postgresql://[::1]/porter@x", "postgresql://h/db?sslkey=b", "postgresql://h/db?%=b&%7",
                            "postgresql://h/db?application_name=password%3Db", "postgresql://", "porter.db"}) {
        INFO(url);
        CHECK_FALSE(has_password(url));
    }
}

TEST_CASE("the names of the parameters of a URL are decoded")
{
    using names = std::vector<std::string>;
    CHECK(parameter_names("postgresql://a?b@h/db?user=x&%73slmode=y=z&&alone&=v") == names{"user", "sslmode", ""});
    CHECK(parameter_names("postgresql://h?%zz=1") == names{"%zz"});
    CHECK(parameter_names("postgresql://h/db").empty());
    CHECK(parameter_names("porter.db").empty());
}
