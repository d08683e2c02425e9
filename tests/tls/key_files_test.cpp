// Promise N9 of SECURITY.md.
#include "tls/key_files.hpp"

#include <sys/stat.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <vector>

#include "porter/start_error.hpp"
#include "support/catch.hpp"

using namespace porter::detail;
namespace fs = std::filesystem;

namespace {

struct folder {
    folder()
    {
        std::string pattern = (fs::temp_directory_path() / "porter-tls-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
        files = {path / "key.pem", path / "certificate.pem"};
    }
    ~folder() { fs::remove_all(path); }

    std::string fingerprint() const { return tls::load_or_make(files, now).fingerprint(); }

    fs::path path;
    tls::key_files files;
    base::timestamp now = base::system_clock{}.now();
};

std::string content(fs::path const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write(fs::path const& path, std::string const& text)
{
    std::ofstream{path} << text;
}

mode_t mode(fs::path const& path)
{
    struct stat about {};
    REQUIRE(::lstat(path.c_str(), &about) == 0);
    return about.st_mode & 07777;
}

/// What load_or_make() refuses with; it must be a matter of configuration (exit code 78).
std::string refusal(folder const& where)
{
    try {
        tls::load_or_make(where.files, where.now);
    } catch (porter::start_error const& error) {
        CHECK(error.code() == porter::start_errc::configuration);
        CHECK_THROWS_AS(tls::check(where.files), porter::start_error);
        return error.what();
    }
    return {};
}

bool mentions(std::string const& text, std::string const& word)
{
    return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("a key and its certificate are made once for their owner alone")
{
    folder where;
    tls::check(where.files);
    CHECK(fs::is_empty(where.path));
    auto const first = where.fingerprint();
    CHECK(mode(where.files.key) == 0600);
    CHECK(mode(where.files.certificate) == 0600);
    auto const key = content(where.files.key);
    auto const certificate = content(where.files.certificate);
    CHECK(where.fingerprint() == first);
    CHECK(content(where.files.key) == key);
    CHECK(content(where.files.certificate) == certificate);
    CHECK(std::distance(fs::directory_iterator{where.path}, {}) == 2);
    tls::check(where.files);
}

TEST_CASE("those who make them at once take those of the first")
{
    for (int round = 0; round < 20; ++round) {
        folder where;
        std::barrier start{4};
        std::vector<std::future<std::string>> made;
        for (int i = 0; i < 4; ++i) {
            made.push_back(std::async(std::launch::async, [&] {
                start.arrive_and_wait();
                return where.fingerprint();
            }));
        }
        auto const first = made.front().get();
        for (std::size_t i = 1; i < made.size(); ++i) CHECK(made[i].get() == first);
        CHECK(where.fingerprint() == first);
        CHECK(std::distance(fs::directory_iterator{where.path}, {}) == 2);
    }
}

TEST_CASE("a fingerprint is written as ssh writes one")
{
    folder where;
    auto const written = where.fingerprint();
    CHECK(written.size() == 7 + 43);
    CHECK(written.starts_with("SHA256:"));
    CHECK_FALSE(mentions(written, "="));
}

TEST_CASE("a certificate that is missing is made again for the same key")
{
    folder where;
    auto const first = where.fingerprint();
    fs::remove(where.files.certificate);
    tls::check(where.files);
    CHECK(where.fingerprint() == first);
}

TEST_CASE("a certificate without its key is refused and stays")
{
    folder where;
    where.fingerprint();
    fs::remove(where.files.key);
    CHECK(mentions(refusal(where), where.files.key.string()));
    CHECK(fs::exists(where.files.certificate));
    CHECK_FALSE(fs::exists(where.files.key));
}

TEST_CASE("a key that is open to others is refused")
{
    auto const open = GENERATE(0644U, 0604U, 0620U, 0660U, 0610U, 0777U);
    folder where;
    where.fingerprint();
    fs::permissions(where.files.key, static_cast<fs::perms>(open));
    auto const why = refusal(where);
    CHECK(mentions(why, where.files.key.string()));
    CHECK(mentions(why, "open to others"));
    CHECK(mode(where.files.key) == open);
}

TEST_CASE("a key of another user is refused")
{
    folder where;
    where.fingerprint();
    if (::chown(where.files.key.c_str(), 65534, 65534) != 0) return;  // only root gives files away
    CHECK(mentions(refusal(where), "belongs to another user"));
}

TEST_CASE("a pipe or a folder or what is far too large is neither read nor waited for")
{
    folder where;
    where.fingerprint();
    auto const file = GENERATE(true, false) ? where.files.key : where.files.certificate;
    fs::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(mentions(refusal(where), "not a regular file"));
    fs::remove(file);
    fs::create_directory(file);
    fs::permissions(file, fs::perms{0700});
    CHECK(mentions(refusal(where), "not a regular file"));
    fs::remove(file);
    write(file, std::string(1024 * 1024 + 1, 'x'));
    fs::permissions(file, fs::perms{0600});
    CHECK(mentions(refusal(where), "larger than 1 MiB"));
}

TEST_CASE("what is no key or no certificate is refused and stays as it was")
{
    auto const text = GENERATE("", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    bool const is_key = GENERATE(true, false);
    folder where;
    where.fingerprint();
    auto const broken = is_key ? where.files.key : where.files.certificate;
    write(broken, text);
    CHECK(mentions(refusal(where), broken.string()));
    CHECK(content(broken) == text);
}

TEST_CASE("a certificate for another key is refused")
{
    folder where;
    folder other;
    where.fingerprint();
    other.fingerprint();
    fs::copy_file(other.files.certificate, where.files.certificate, fs::copy_options::overwrite_existing);
    CHECK(mentions(refusal(where), "not for the key"));
}

TEST_CASE("a broken certificate behind a good one is refused")
{
    folder where;
    where.fingerprint();
    write(where.files.certificate,
          content(where.files.certificate) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK(mentions(refusal(where), where.files.certificate.string()));
}

TEST_CASE("a chain of certificates is read whole")
{
    folder where;
    where.fingerprint();
    write(where.files.certificate, content(where.files.certificate) + "\n# next\n" + content(where.files.certificate));
    CHECK(tls::load(where.files).chain().size() == 2);
}

TEST_CASE("what stands at the key's name is never replaced")
{
    folder where;
    fs::create_symlink(where.path / "elsewhere", where.files.key);
    CHECK_FALSE(refusal(where).empty());
    CHECK(fs::is_symlink(where.files.key));
    CHECK_FALSE(fs::exists(where.path / "elsewhere"));
}

TEST_CASE("a folder that cannot be written to is a file that cannot be made")
{
    folder where;
    where.files.key = where.path / "missing" / "key.pem";
    try {
        tls::load_or_make(where.files, where.now);
        FAIL("it was made");
    } catch (porter::start_error const& error) {
        CHECK(error.code() == porter::start_errc::cannot_create);
    }
}
