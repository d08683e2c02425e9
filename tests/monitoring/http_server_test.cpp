#include "monitoring/http_server.hpp"

#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "monitoring/content_policy.hpp"
#include "monitoring/http_client.hpp"
#include "monitoring/status_page.hpp"
#include "porter/start_error.hpp"
#include "support/temporary_folder.hpp"

using namespace std::chrono_literals;
using porter::testing::get;
using porter::testing::http_client;
using porter::testing::request;
namespace monitoring = porter::detail::monitoring;

namespace {

monitoring::pages sample_pages()
{
    monitoring::pages content;
    content.metrics = [] { return std::string{"x 1\n"}; };
    content.status = [] { return std::string{"{}\n"}; };
    content.problems = [] { return std::vector<std::string>{}; };
    return content;
}

struct fixture {
    explicit fixture(std::chrono::milliseconds time = monitoring::http_server::exchange_time)
        : server(monitoring::endpoint{"127.0.0.1", 0, {}}, sample_pages(), time)
    {}
    monitoring::http_server server;
};

bool begins_with(std::string const& response, std::string const& status)
{
    return response.starts_with("HTTP/1.1 " + status);
}

}  // namespace

TEST_CASE("each page has its type and is not to be stored")
{
    fixture test;
    auto const metrics = get(test.server.port(), "/metrics");
    CHECK(begins_with(metrics, "200"));
    CHECK(metrics.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
    CHECK(metrics.find("Cache-Control: no-store\r\n") != std::string::npos);
    CHECK(metrics.ends_with("\r\n\r\nx 1\n"));
    auto const status = get(test.server.port(), "/status.json");
    CHECK(status.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(status.ends_with("\r\n\r\n{}\n"));
    CHECK(begins_with(get(test.server.port(), "/metrics/x"), "404"));
}

TEST_CASE("the status page is served with a policy that allows only its own script")
{
    fixture test;
    auto const page = get(test.server.port(), "/");
    CHECK(begins_with(page, "200"));
    for (auto const* const each : {"Content-Type: text/html; charset=utf-8\r\n", "Cache-Control: no-store\r\n",
                                   "X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
                                   "Cross-Origin-Resource-Policy: same-origin\r\n", "X-Frame-Options: DENY\r\n"}) {
        CHECK(page.find(each) != std::string::npos);
    }
    auto const policy = "Content-Security-Policy: " + monitoring::content_policy(monitoring::status_page()) + "\r\n";
    CHECK(page.find(policy) != std::string::npos);
    CHECK(page.ends_with("\r\n\r\n" + std::string{monitoring::status_page()}));
    CHECK(page.find("Set-Cookie") == std::string::npos);
}

TEST_CASE("what names clients is served to requests by an address or localhost")
{
    auto content = sample_pages();
    content.live_status = [] { return std::string{"live\n"}; };
    monitoring::http_server const server{{"127.0.0.1", 0, {}}, content};
    auto const status_for = [&server](std::string const& host) {
        return request(server.port(), "GET /status.json HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    };
    CHECK(status_for("localhost").ends_with("\r\n\r\nlive\n"));
    CHECK(status_for("127.0.0.1:" + std::to_string(server.port())).ends_with("\r\n\r\nlive\n"));
    CHECK(status_for("rebound.example").ends_with("\r\n\r\n{}\n"));
    fixture without;
    CHECK(get(without.server.port(), "/status.json").ends_with("\r\n\r\n{}\n"));
}

TEST_CASE("health is 200 without problems and 503 with them")
{
    std::atomic<bool> has_problems = false;
    auto content = sample_pages();
    content.problems = [&has_problems] {
        return has_problems ? std::vector<std::string>{"store: one", "disk: two"} : std::vector<std::string>{};
    };
    monitoring::http_server const server{{"127.0.0.1", 0, {}}, content};
    auto const good = get(server.port(), "/healthz");
    CHECK(begins_with(good, "200"));
    CHECK(good.ends_with("\r\n\r\nok\n"));
    has_problems = true;
    auto const bad = get(server.port(), "/healthz");
    CHECK(begins_with(bad, "503"));
    CHECK(bad.ends_with("\r\n\r\nstore: one\ndisk: two\n"));
}

TEST_CASE("parts and compression are not served")
{
    fixture test;
    auto const response = get(test.server.port(), "/metrics", "Range: bytes=0-,0-,0-\r\nAccept-Encoding: gzip, br\r\n");
    CHECK(begins_with(response, "200"));
    CHECK(response.find("Content-Encoding") == std::string::npos);
    CHECK(response.ends_with("\r\n\r\nx 1\n"));
}

TEST_CASE("a page that throws is an error of that request alone")
{
    auto content = sample_pages();
    content.metrics = []() -> std::string { throw std::runtime_error{"out of luck"}; };
    monitoring::http_server const server{{"127.0.0.1", 0, {}}, content};
    CHECK(begins_with(get(server.port(), "/metrics"), "500"));
    CHECK(begins_with(get(server.port(), "/healthz"), "200"));
}

TEST_CASE("a request that is too long or no HTTP ends its connection alone")
{
    fixture test;
    CHECK_FALSE(begins_with(get(test.server.port(), "/metrics", "X: " + std::string(5000, 'x') + "\r\n"), "200"));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
    CHECK_FALSE(begins_with(get(test.server.port(), "/metrics", many), "200"));
    CHECK_FALSE(begins_with(get(test.server.port(), "/" + std::string(5000, 'x')), "200"));
    CHECK_FALSE(begins_with(request(test.server.port(), "\r\n\r\n"), "200"));
    CHECK(begins_with(get(test.server.port(), "/metrics"), "200"));
}

TEST_CASE("a connection is for one request")
{
    fixture test;
    auto const response = get(test.server.port(), "/metrics", "Connection: keep-alive\r\n");
    CHECK(response.find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("clients that do not complete their requests hold a thread for the time of an exchange only")
{
    fixture test{50ms};
    CHECK(request(test.server.port(), std::string(300, '\0')).empty());
    auto const body = request(test.server.port(), "POST /metrics HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n");
    CHECK_FALSE(begins_with(body, "200"));
    std::vector<http_client> silent;
    for (int i = 0; i < 12; ++i) {
        silent.emplace_back(test.server.port());
        silent.back().send("GET /metrics HT");
    }
    CHECK(silent.front().receive().empty());  // the server has ended it
    CHECK(silent.back().receive().empty());
    CHECK(begins_with(get(test.server.port(), "/metrics"), "200"));
}

TEST_CASE("the end of the server ends an exchange in progress")
{
    std::optional<fixture> test;
    test.emplace(24h);
    http_client client{test->server.port()};
    client.send("GET /metrics HT");
    test.reset();
    CHECK(client.receive().empty());
}

TEST_CASE("a UNIX socket is for its owner and group and is removed at the end")
{
    porter::testing::temporary_folder const folder;
    auto const path = folder.path() / "metrics";
    {
        monitoring::http_server const server{{{}, 0, path.string()}, sample_pages()};
        struct stat status{};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK(S_ISSOCK(status.st_mode));
        CHECK((status.st_mode & 0777) == 0660);
        CHECK(server.port() == 0);
        CHECK_THROWS_AS((monitoring::http_server{{{}, 0, path.string()}, sample_pages()}), porter::start_error);
        CHECK(std::filesystem::exists(path));
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a socket that a killed process has left is replaced and another file is not")
{
    porter::testing::temporary_folder const folder;
    auto const path = (folder.path() / "metrics").string();
    {
        porter::detail::base::unique_fd const left{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, path.size());
        REQUIRE(::bind(left.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0);
    }
    CHECK_NOTHROW(monitoring::http_server{{{}, 0, path}, sample_pages()});
    auto const file = folder.path() / "file";
    std::ofstream{file} << "text";
    CHECK_THROWS_AS((monitoring::http_server{{{}, 0, file.string()}, sample_pages()}), porter::start_error);
    CHECK(std::filesystem::is_regular_file(file));
}

TEST_CASE("a port that is in use is named")
{
    fixture test;
    try {
        monitoring::http_server const second{{"127.0.0.1", test.server.port(), {}}, sample_pages()};
        FAIL("it listens twice");
    } catch (porter::start_error const& error) {
        CHECK(error.code() == porter::start_errc::cannot_listen);
        CHECK(std::string{error.what()}.find("127.0.0.1 port " + std::to_string(test.server.port())) == 17);
    }
}
