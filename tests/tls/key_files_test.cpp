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
#include "support/temporary_folder.hpp"

using namespace porter::detail;
namespace fs = std::filesystem;

namespace {

/// The files of a key and its certificate in a folder of their own.
struct key_folder : porter::testing::temporary_folder {
    std::string fingerprint() const { return tls::load_or_make(files, now).fingerprint(); }

    tls::key_files files{path() / "key.pem", path() / "certificate.pem"};
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
    struct stat status{};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

/// The error of load_or_make(), whose code must be configuration (exit code 78).
std::string load_error(key_folder const& directory)
{
    try {
        tls::load_or_make(directory.files, directory.now);
    } catch (porter::start_error const& error) {
        CHECK(error.code() == porter::start_errc::configuration);
        CHECK_THROWS_AS(tls::check(directory.files), porter::start_error);
        return error.what();
    }
    return {};
}

bool contains(std::string const& text, std::string const& word)
{
    return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("a key and its certificate are created once with access for their owner only")
{
    key_folder directory;
    tls::check(directory.files);
    CHECK(fs::is_empty(directory.path()));
    auto const first = directory.fingerprint();
    CHECK(mode(directory.files.key) == 0600);
    CHECK(mode(directory.files.certificate) == 0600);
    auto const key = content(directory.files.key);
    auto const certificate = content(directory.files.certificate);
    CHECK(directory.fingerprint() == first);
    CHECK(content(directory.files.key) == key);
    CHECK(content(directory.files.certificate) == certificate);
    CHECK(std::distance(fs::directory_iterator{directory.path()}, {}) == 2);
    tls::check(directory.files);
}

TEST_CASE("concurrent calls use the files of the first")
{
    for (int round = 0; round < 20; ++round) {
        key_folder directory;
        std::barrier start{4};
        std::vector<std::future<std::string>> fingerprints;
        for (int i = 0; i < 4; ++i) {
            fingerprints.push_back(std::async(std::launch::async, [&] {
                start.arrive_and_wait();
                return directory.fingerprint();
            }));
        }
        auto const first = fingerprints.front().get();
        for (std::size_t i = 1; i < fingerprints.size(); ++i) CHECK(fingerprints[i].get() == first);
        CHECK(directory.fingerprint() == first);
        CHECK(std::distance(fs::directory_iterator{directory.path()}, {}) == 2);
    }
}

TEST_CASE("a fingerprint has the format of ssh")
{
    key_folder directory;
    auto const written = directory.fingerprint();
    CHECK(written.size() == 7 + 43);
    CHECK(written.starts_with("SHA256:"));
    CHECK_FALSE(contains(written, "="));
}

TEST_CASE("a missing certificate is created again for the same key")
{
    key_folder directory;
    auto const first = directory.fingerprint();
    fs::remove(directory.files.certificate);
    tls::check(directory.files);
    CHECK(directory.fingerprint() == first);
}

TEST_CASE("a certificate without its key is rejected and kept")
{
    key_folder directory;
    directory.fingerprint();
    fs::remove(directory.files.key);
    CHECK(contains(load_error(directory), directory.files.key.string()));
    CHECK(fs::exists(directory.files.certificate));
    CHECK_FALSE(fs::exists(directory.files.key));
}

TEST_CASE("a key that is open to others is rejected")
{
    auto const open = GENERATE(0644U, 0604U, 0620U, 0660U, 0610U, 0777U);
    key_folder directory;
    directory.fingerprint();
    fs::permissions(directory.files.key, static_cast<fs::perms>(open));
    auto const reason = load_error(directory);
    CHECK(contains(reason, directory.files.key.string()));
    CHECK(contains(reason, "open to others"));
    CHECK(mode(directory.files.key) == open);
}

TEST_CASE("a key of another user is rejected")
{
    key_folder directory;
    directory.fingerprint();
    if (::chown(directory.files.key.c_str(), 65534, 65534) != 0) return;  // only root may chown
    CHECK(contains(load_error(directory), "belongs to another user"));
}

TEST_CASE("a pipe or a folder or a file that is too large is rejected without reading it")
{
    key_folder directory;
    directory.fingerprint();
    auto const file = GENERATE(true, false) ? directory.files.key : directory.files.certificate;
    fs::remove(file);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(contains(load_error(directory), "not a regular file"));
    fs::remove(file);
    fs::create_directory(file);
    fs::permissions(file, fs::perms{0700});
    CHECK(contains(load_error(directory), "not a regular file"));
    fs::remove(file);
    write(file, std::string(1024 * 1024 + 1, 'x'));
    fs::permissions(file, fs::perms{0600});
    CHECK(contains(load_error(directory), "larger than 1 MiB"));
}

TEST_CASE("an invalid key or certificate is rejected and not changed")
{
    auto const text = GENERATE("", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    bool const is_key = GENERATE(true, false);
    key_folder directory;
    directory.fingerprint();
    auto const broken = is_key ? directory.files.key : directory.files.certificate;
    write(broken, text);
    CHECK(contains(load_error(directory), broken.string()));
    CHECK(content(broken) == text);
}

TEST_CASE("a certificate for another key is rejected")
{
    key_folder directory;
    key_folder other;
    directory.fingerprint();
    other.fingerprint();
    fs::copy_file(other.files.certificate, directory.files.certificate, fs::copy_options::overwrite_existing);
    CHECK(contains(load_error(directory), "not for the key"));
}

TEST_CASE("an invalid certificate after a valid one is rejected")
{
    key_folder directory;
    directory.fingerprint();
    write(directory.files.certificate,
          content(directory.files.certificate) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK(contains(load_error(directory), directory.files.certificate.string()));
}

TEST_CASE("a chain of certificates is read whole")
{
    key_folder directory;
    directory.fingerprint();
    write(directory.files.certificate,
          content(directory.files.certificate) + "\n# next\n" + content(directory.files.certificate));
    CHECK(tls::load(directory.files).chain().size() == 2);
}

TEST_CASE("an existing link at the key's path is never replaced")
{
    key_folder directory;
    fs::create_symlink(directory.path() / "elsewhere", directory.files.key);
    CHECK_FALSE(load_error(directory).empty());
    CHECK(fs::is_symlink(directory.files.key));
    CHECK_FALSE(fs::exists(directory.path() / "elsewhere"));
}

TEST_CASE("a key in a missing folder cannot be created")
{
    key_folder directory;
    directory.files.key = directory.path() / "missing" / "key.pem";
    try {
        tls::load_or_make(directory.files, directory.now);
        FAIL("it was created");
    } catch (porter::start_error const& error) {
        CHECK(error.code() == porter::start_errc::cannot_create);
    }
}
