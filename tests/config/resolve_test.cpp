#include "config/resolve.hpp"

#include <string>
#include <thread>

#include "config/file.hpp"
#include "config/fixtures.hpp"

namespace porter::detail::config {

using namespace std::chrono_literals;

TEST_CASE("an environment variable whose name is close to an option is reported")
{
    environment const given{{{"PORTERD_POTR", "1"},
                             {"PORTERD_max_frame", "1MiB"},
                             {"PORTERD_CONFG", "x"},
                             {"PORTERD_PORT", "1"},
                             {"PORTERD_CONFIG", "x"},
                             {"PORTERD_OPTS", "-p 1"},
                             {"PORTERD_HOME", "/"},
                             {"PORTER_POTR", "1"}}};
    CHECK(misspelt_variables(given) ==
          std::vector<std::string>{"unknown environment variable PORTERD_CONFG (did you mean PORTERD_CONFIG?)",
                                   "unknown environment variable PORTERD_POTR (did you mean PORTERD_PORT?)",
                                   "unknown environment variable PORTERD_max_frame (did you mean PORTERD_MAX_FRAME?)"});
}

TEST_CASE("the defaults are those of the documentation")
{
    auto const options = options_of({});
    auto const& server = options.server;
    CHECK(server.port == 7678);
    CHECK(server.port_tries == 101);
    CHECK(server.bind == std::vector<std::string>{"127.0.0.1"});
    CHECK(server.data_dir == "/home/alice/.local/state/porter");
    CHECK(server.database == "/home/alice/.local/state/porter/porter.db");
    CHECK(server.log_file == "/home/alice/.local/state/porter/porterd.log");
    CHECK(server.log_level == log_level::info);
    CHECK(server.log_format == log_format::text);
    CHECK(server.access == access::authenticate);
    CHECK(server.registration == porter::registration_mode::open);
    CHECK(server.greet_by_address);
    CHECK(server.session_ttl == 30 * 24h);
    CHECK(server.session_idle_ttl == 7 * 24h);
    CHECK(server.audit_keep == 365 * 24h);
    CHECK(server.max_sessions_per_account == 16);
    CHECK(server.max_registrations_per_address == 120);
    CHECK(server.min_password_length == 8);
    CHECK(server.password_list.empty());
    CHECK(server.login_grace == 30s);
    CHECK(server.idle_timeout == 0s);
    CHECK(server.max_connections == 20'000);
    CHECK(server.max_connections_per_address == 1024);
    CHECK(server.max_connections_per_account == 1024);
    CHECK(server.max_frame == 1024 * 1024);
    CHECK(server.threads == std::thread::hardware_concurrency());
    CHECK(server.hash_threads >= 1);
    CHECK(server.hash_memory == 19 * 1024 * 1024);
    CHECK(server.hash_ops == 2);
    CHECK(options.service.text() == "echo");
    CHECK(options.server.tls == tls_mode::automatic);
    CHECK_FALSE(options.strict_port);
    CHECK_FALSE(options.was_given("port"));
}

TEST_CASE("flags override the environment which overrides the file which overrides the defaults")
{
    config_file const file{"port = 1\nmax-frame = '5KiB'\nlogin-grace = 7\nhash-ops = 3\n"};
    variables const environment{{"PORTERD_PORT", "2"}, {"PORTERD_MAX_FRAME", "6KiB"}, {"PORTERD_LOGIN_GRACE", "8s"}};
    auto const options = options_of({"--config", file.path, "--port", "3", "--max-frame", "7KiB"}, environment);
    CHECK(options.server.port == 3);
    CHECK(options.server.max_frame == 7 * 1024);
    CHECK(options.server.login_grace == 8s);
    CHECK(options.server.hash_ops == 3);
    CHECK(options.server.max_connections == 20'000);
    CHECK(options.origin_of("port").where == "--port");
    CHECK(options.origin_of("login-grace").where == "PORTERD_LOGIN_GRACE");
    CHECK(options.origin_of("hash-ops").where == file.path + ":4:12");
    CHECK(options.origin_of("max-connections").where == "default");
    CHECK(options.was_given("port"));
}

TEST_CASE("the environment can name the file and a flag overrides it")
{
    config_file const one{"port = 1"};
    config_file const two{"port = 2"};
    CHECK(options_of({}, {{"PORTERD_CONFIG", one.path}}).server.port == 1);
    CHECK(options_of({"--config", two.path}, {{"PORTERD_CONFIG", one.path}}).server.port == 2);
    CHECK(problem_with({"--config", ""}).starts_with("6"));
}

TEST_CASE("every option can be set by its variable")
{
    for (auto const& one : all_options()) {
        auto const name = variable_of(one.name);
        INFO(name);
        auto const problem = problem_with({}, {{name, "\x01"}});
        bool const takes_any_text = one.form == form::text && problem == "no problem";
        CHECK((takes_any_text ? options_of({}, {{name, "\x01"}}).was_given(one.name)
                              : problem.starts_with("78: " + name)));
    }
    auto const options = options_of({}, {{"PORTERD_BIND", "127.0.0.1,::1"},
                                         {"PORTERD_STRICT_PORT", "yes"},
                                         {"PORTERD_GREET_BY_ADDRESS", "off"},
                                         {"PORTERD_ACCESS", "identify"}});
    CHECK(options.server.bind == std::vector<std::string>{"127.0.0.1", "::1"});
    CHECK(options.strict_port);
    CHECK_FALSE(options.server.greet_by_address);
    CHECK(options.server.access == access::identify);
}

TEST_CASE("an empty variable counts as not set")
{
    CHECK(options_of({}, {{"PORTERD_PORT", ""}}).server.port == 7678);
    CHECK(options_of({}, {{"PORTERD_CONFIG", ""}}).server.port == 7678);
}

TEST_CASE("an invalid value is reported with its place and the exit code depends on the source")
{
    config_file const file{"\nport = 65536\n"};
    CHECK(problem_with({"--port", "x"}) == "64: --port: \"x\" is not a port: a number from 0 to 65535");
    CHECK(problem_with({}, {{"PORTERD_PORT", "x"}}) ==
          "78: PORTERD_PORT: \"x\" is not a port: a number from 0 to 65535");
    CHECK(problem_with({"--config", file.path}) ==
          "78: " + file.path + ":2:8: port: \"65536\" is not a port: a number from 0 to 65535");
    CHECK(problem_with({"--port", "1"}, {{"PORTERD_PORT", "x"}}).starts_with("78: PORTERD_PORT: "));
}

TEST_CASE("a value outside its bounds is rejected")
{
    CHECK(problem_with({"--hash-memory", "18MiB"}) == "64: --hash-memory: 18MiB is not from 19MiB to 4GiB");
    CHECK(problem_with({"--hash-ops", "1"}) == "64: --hash-ops: \"1\" is not a number from 2 to 1000");
    CHECK(problem_with({"--hash-ops", "1001"}) == "64: --hash-ops: \"1001\" is not a number from 2 to 1000");
    CHECK(problem_with({"--hash-memory", "4GiB", "--hash-ops", "5"}) ==
          "78: --hash-ops: --hash-memory times --hash-ops is more than 16GiB");
    CHECK(problem_with({"--hash-memory", "4GiB", "--hash-ops", "4"}) == "no problem");
    CHECK(problem_with({"--max-frame", "4095"}) == "64: --max-frame: 4095 is not from 4KiB to 16MiB");
    CHECK(problem_with({"--max-frame", "17MiB"}).starts_with("64: --max-frame"));
    CHECK(problem_with({"--min-password-length", "7"}).starts_with("64: --min-password-length"));
    CHECK(problem_with({"--min-password-length", "257"}).starts_with("64: --min-password-length"));
    CHECK(problem_with({"--login-grace", "0"}) == "64: --login-grace: 0 is less than 1ms");
    CHECK(problem_with({"--session-ttl", "1500ms"}) == "64: --session-ttl: 1500ms is not whole seconds");
    CHECK(problem_with({"--session-ttl", "0"}) == "64: --session-ttl: 0 is less than 1s");
    CHECK(problem_with({"--threads", "0"}).starts_with("64: --threads"));
    CHECK(problem_with({"--access", "none"}) == "64: --access: \"none\" is not one of: open, identify, authenticate");
    CHECK(problem_with({"--idle-timeout", "0"}) == "no problem");
    CHECK(problem_with({"--max-connections", "0"}) == "no problem");
    CHECK(problem_with({"--hash-memory", "19MiB", "--max-frame", "16MiB", "--min-password-length", "256"}) ==
          "no problem");
}

TEST_CASE("the data directory is that of the service manager or of XDG or in the home directory")
{
    auto const data_dir = [](variables const& given) { return options_of({}, given).server.data_dir; };
    CHECK(data_dir({{"STATE_DIRECTORY", "/var/lib/porter:/var/lib/other"}, {"XDG_STATE_HOME", "/x"}}) ==
          "/var/lib/porter");
    CHECK(data_dir({{"XDG_STATE_HOME", "/x"}}) == "/x/porter");
    CHECK(data_dir({{"XDG_STATE_HOME", "relative"}}) == "/home/alice/.local/state/porter");
    CHECK(problem_with({}, {{"HOME", ""}}) == "78: no data directory: HOME is not set; give --data-dir DIR");
    auto const options = options_of({"--data-dir", "d", "--database", "/other/my.db"}, {{"HOME", ""}});
    CHECK(options.server.data_dir == "d");
    CHECK(options.server.database == "/other/my.db");
    CHECK(options.server.log_file == "d/porterd.log");
}

TEST_CASE("a database is a file or a URL of PostgreSQL without a password")
{
    auto const database = [](std::string const& text) { return options_of({"--database", text}).server.database; };
    CHECK(database("./a://b") == "./a://b");
    CHECK(database("postgresql://node@db1,db2/porter?sslmode=verify-full") ==
          "postgresql://node@db1,db2/porter?sslmode=verify-full");
    CHECK(database("postgres:///porter") == "postgres:///porter");
    CHECK(problem_with({"--database", ""}) == "64: --database: a path cannot be empty");
    for (std::string const url :
         {"mysql://a:hidden@b/c", "sqlite:///hidden", "postgresql://a:hidden@b/c", "postgres://a@b/c?password=hidden",
          "postgresql://u:s3?hidden@h/db", "postgresql://h/db?pass%77ord=hidden"}) {
        auto const problem = problem_with({"--database", url});
        CHECK(problem.starts_with("64: --database: "));
        CHECK(problem.find("hidden") == std::string::npos);
        auto const of_variable = problem_with({}, {{"PORTERD_DATABASE", url}});
        CHECK(of_variable.starts_with("78: PORTERD_DATABASE: "));
        CHECK(of_variable.find("hidden") == std::string::npos);
    }
}

TEST_CASE("an administrator finds the control socket in the data directory that porterd has with the same options")
{
    environment const home{{{"HOME", "/home/alice"}}};
    for (auto const& arguments : std::vector<std::vector<std::string>>{
             {}, {"--database", "/srv/other.db"}, {"--data-dir", "/srv/porter", "--database", "/srv/other.db"}}) {
        auto const line = parse_command_line(arguments);
        auto const service = resolve(line, home, purpose::service).server.control_socket;
        CHECK(resolve(line, home, purpose::administration).server.control_socket == service);
        CHECK(service.filename() == "porterd.sock");
    }
}

TEST_CASE("an administrator needs no data directory beside a database")
{
    for (auto const* const database : {"postgresql:///porter", "/srv/porter.db"}) {
        auto const line = parse_command_line({"--database", database});
        auto const options = resolve(line, environment{{{"HOME", ""}}}, purpose::administration);
        CHECK(options.server.database == database);
        CHECK(options.server.data_dir.empty());
        CHECK(options.server.log_file.empty());
    }
    CHECK(problem_of([] { resolve(parse_command_line({}), environment{{{"HOME", ""}}}, purpose::administration); }) ==
          "78: no data directory: HOME is not set; give --data-dir DIR");
}

TEST_CASE("a server without files of its own needs no data directory")
{
    std::vector<std::string> const arguments{"--database", "postgresql:///porter", "--log-file", "-", "--tls-key",
                                             "k",          "--tls-certificate",    "c"};
    auto const options = options_of(arguments, {{"HOME", ""}});
    CHECK(options.server.data_dir.empty());
    CHECK(options.server.database == "postgresql:///porter");
    CHECK(problem_with({"--database", "postgresql:///porter", "--log-file", "-"}, {{"HOME", ""}}) ==
          "78: no data directory: HOME is not set; give --data-dir DIR");
}

TEST_CASE("with TLS off a key is of use for a shared database alone")
{
    auto const options = options_of({"--tls", "off", "--tls-key", "k", "--database", "postgresql:///porter"});
    CHECK(options.server.tls_key == "k");
    CHECK(problem_with({"--tls", "off", "--tls-key", "k", "--tls-certificate", "c"}) ==
          "78: --tls-key: of no use with --tls off");
}

TEST_CASE("the grace of a partition may be zero")
{
    using std::chrono::milliseconds;
    CHECK(options_of({}).server.partition_grace == milliseconds{30'000});
    CHECK(options_of({"--partition-grace", "0"}).server.partition_grace == milliseconds{0});
    CHECK(options_of({"--partition-grace", "1500ms"}).server.partition_grace == milliseconds{1'500});
}

TEST_CASE("a hundred more ports are tried unless the port is strict or any")
{
    CHECK(options_of({"--port", "1000"}).server.port_tries == 101);
    CHECK(options_of({"--port", "1000", "--strict-port"}).server.port_tries == 1);
    CHECK(options_of({"--port", "0"}).server.port_tries == 1);
    CHECK(options_of({"--port", "65535"}).server.port_tries == 1);
    CHECK(options_of({"--port", "65530"}).server.port_tries == 6);
}

TEST_CASE("only addresses can be bound and each only once")
{
    CHECK(options_of({"-b", "127.0.0.2", "-b", "::1"}).server.bind.size() == 2);
    for (auto const* text : {"localhost", "127.0.0.256", "127.1", "", "[::1]", "127.0.0.1:80"}) {
        INFO(text);
        CHECK(
            problem_with({}, {{"PORTERD_BIND", std::string{"127.0.0.1,"} + text}}).starts_with("78: PORTERD_BIND: \""));
    }
    config_file const none{"bind = []"};
    CHECK(problem_with({"--config", none.path}).ends_with("bind: an address is missing"));
    CHECK(problem_with({"-b", "::1", "-b", "0:0:0:0:0:0:0:1"}) == "78: --bind: 0:0:0:0:0:0:0:1 is given twice");
    CHECK(problem_with({"-b", "127.0.0.1", "-b", "::ffff:127.0.0.1"}).ends_with("is given twice"));
    CHECK(problem_with({"-b", "127.0.0.1", "-b", "::", "--tls", "off"}) == "78: --bind: :: already serves 127.0.0.1");
    CHECK(problem_with({"-b", "127.0.0.1", "-b", "0.0.0.0", "--tls", "off"})
              .ends_with("0.0.0.0 already serves 127.0.0.1"));
    CHECK(problem_with({"-b", "0.0.0.0", "-b", "::1", "--tls", "off"}) == "no problem");
}

TEST_CASE("a certificate needs its key and TLS")
{
    CHECK(problem_with({"--tls-certificate", "c", "--tls-key", "k"}) == "no problem");
    CHECK(problem_with({"--tls-certificate", "c", "--tls-key", "k", "--tls", "required"}) == "no problem");
    CHECK(problem_with({"--tls-certificate", "c"}) ==
          "78: --tls-certificate: --tls-key and --tls-certificate belong together");
    CHECK(problem_with({}, {{"PORTERD_TLS_KEY", "k"}}) ==
          "78: PORTERD_TLS_KEY: --tls-key and --tls-certificate belong together");
    CHECK(problem_with({"--tls-certificate", "c", "--tls-key", "k", "--tls", "off"}) ==
          "78: --tls-key: of no use with --tls off");
    for (auto const* address : {"0.0.0.0", "::", "192.0.2.1", "127.0.0.1"}) {
        INFO(address);
        CHECK(problem_with({"--bind", address}) == "no problem");
    }
}

TEST_CASE("proxies are given as networks only")
{
    auto const options = options_of({"--proxy-from", "10.0.0.0/8", "--proxy-from", "::1"});
    CHECK(options.server.proxy_from == std::vector<std::string>{"10.0.0.0/8", "::1"});
    CHECK(options_of({}, {{"PORTERD_PROXY_FROM", "10.0.0.0/8,127.0.0.1"}}).server.proxy_from.size() == 2);
    CHECK(options_of({}).server.proxy_from.empty());
    for (auto const* wrong : {"10.0.0.1/8", "10.0.0.0/33", "proxy.example.org", ""}) {
        INFO(wrong);
        CHECK(problem_with({"--proxy-from", wrong}) ==
              "64: --proxy-from: \"" + std::string{wrong} +
                  "\" is not a network such as 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1");
    }
    CHECK(problem_with({}, {{"PORTERD_PROXY_FROM", "10.0.0.0/8,x"}}).starts_with("78: PORTERD_PROXY_FROM: \"x\""));
}

TEST_CASE("a service has the argument that its form says")
{
    CHECK(options_of({"--service", "chat"}).service.kind == service_kind::chat);
    auto const spec = options_of({"--service", "exec:sort -n: x"}).service;
    CHECK(spec.kind == service_kind::exec);
    CHECK(spec.argument == "sort -n: x");
    CHECK(spec.text() == "exec:sort -n: x");
    CHECK(problem_with({"--service", "echo:x"}) == "64: --service: the service echo takes no argument");
    CHECK(problem_with({"--service", "exec"}) == "64: --service: the service exec needs an argument: exec:COMMAND");
    CHECK(problem_with({"--service", "exec: "}) == "64: --service: the command of exec is empty");
    CHECK(problem_with({"--service", "chta"}).ends_with(" (did you mean chat?)"));
}

TEST_CASE("a service that does not exist is rejected")
{
    config_file const file{"service = 'fortune'"};
    CHECK(problem_with({"--service", "echo"}) == "no problem");
    std::string const problem = "\"fortune\" is not one of: echo, chat, exec:COMMAND, forward:HOST:PORT|unix:PATH";
    CHECK(problem_with({"--service", "fortune"}) == "64: --service: " + problem);
    CHECK(problem_with({"--config", file.path}) == "78: " + file.path + ":1:11: service: " + problem);
}

TEST_CASE("the printed configuration contains each setting and its origin")
{
    auto const printed = print_config(options_of({"--port", "80", "-b", "::1"}, {{"PORTERD_ACCESS", "open"}}));
    auto const has = [&](std::string const& setting, std::string const& from) {
        auto const begin = printed.find('\n' + setting + ' ');
        if (begin == std::string::npos) return false;
        return printed.substr(begin + 1, printed.find('\n', begin + 1) - begin - 1).ends_with(" # " + from);
    };
    CHECK(printed.starts_with("port = 80 "));
    CHECK(has("bind = [\"::1\"]", "--bind"));
    CHECK(has("access = \"open\"", "PORTERD_ACCESS"));
    CHECK(has("session-ttl = \"30d\"", "default"));
    CHECK(has("data-dir = \"/home/alice/.local/state/porter\"", "default"));
    CHECK(has("# port-file = none", "default"));
    for (auto const& one : all_options()) {
        INFO(one.name);
        CHECK(('\n' + printed).find(std::string{one.name} + " = ") != std::string::npos);
    }
}

TEST_CASE("the printed configuration is a file with the same settings")
{
    auto const first = options_of({"--port", "80", "--login-grace", "1500ms", "--max-frame", "4097", "--data-dir",
                                   "/a \"b\"\\\x01", "--print-config"});
    config_file const file{print_config(first)};
    auto const second = options_of({"--config", file.path});
    CHECK(second.server.port == 80);
    CHECK(second.server.login_grace == 1500ms);
    CHECK(second.server.max_frame == 4097);
    CHECK(second.server.data_dir == "/a \"b\"\\\x01");
    CHECK_FALSE(second.print_config);
}

TEST_CASE("a path that is not UTF-8 is a comment in the printed configuration")
{
    auto const printed = print_config(options_of({"--data-dir", "/a\xe1=b", "--log-file", "/c"}));
    CHECK(printed.find("\n# data-dir = \"/a\\xe1=b\" ") != std::string::npos);
    config_file const file{printed};
    CHECK(options_of({"--config", file.path}).server.log_file == "/c");
}

}  // namespace porter::detail::config
