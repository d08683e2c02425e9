#include "tls/certified_key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>

namespace porter::detail::tls {
namespace {

constexpr int years_valid = 50;

struct free_bio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using bio_handle = std::unique_ptr<BIO, free_bio>;

/// These calls fail for lack of memory only.
template <typename Value>
Value* demand(Value* object)
{
    if (object == nullptr) throw std::bad_alloc{};
    return object;
}

void demand(int succeeded)
{
    if (succeeded <= 0) throw std::bad_alloc{};
}

bio_handle make_reader(std::string_view text)
{
    if (text.empty()) text = "\n";  // an empty view may be null, which BIO_new_mem_buf() does not accept
    return bio_handle{demand(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())))};
}

std::string_view content_of(BIO* bio)
{
    char* text = nullptr;
    auto const size = BIO_get_mem_data(bio, &text);
    return {text, static_cast<std::size_t>(size)};
}

void add_extension(X509& certificate, int id, char const* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
    auto* const extension = demand(X509V3_EXT_conf_nid(nullptr, &context, id, value));
    auto const added = X509_add_ext(&certificate, extension, -1);
    X509_EXTENSION_free(extension);
    demand(added);
}

void set_serial_number(X509& certificate)
{
    std::array<unsigned char, 16> bytes{};
    demand(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())));
    bytes.front() = (bytes.front() & 0x7f) | 0x40;  // positive and of full length (RFC 5280, 4.1.2.2)
    auto* const number = demand(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    auto const set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate));
    BN_free(number);
    demand(set);
}

/// The digest to sign with; null for an algorithm that includes its digest, such as Ed25519.
EVP_MD const* digest_for(evp_pkey_st& key)
{
    constexpr int is_mandatory = 2;
    std::array<char, 80> name{};
    if (EVP_PKEY_get_default_digest_name(&key, name.data(), name.size()) != is_mandatory) return EVP_sha256();
    return EVP_get_digestbyname(name.data());  // null for "" and "UNDEF"
}

/// OpenSSL's default callback would prompt at the terminal.
int no_password(char*, int, int, void*)
{
    return -1;
}

}  // namespace

std::string fingerprint(x509_st const& certificate)
{
    unsigned char* encoded = nullptr;
    auto const size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &encoded);
    demand(size);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int digest_size = 0;
    auto const hashed =
        EVP_Digest(encoded, static_cast<std::size_t>(size), digest.data(), &digest_size, EVP_sha256(), nullptr);
    OPENSSL_free(encoded);
    demand(hashed);

    std::array<unsigned char, 48> text{};  // 32 bytes in base64 and a zero
    auto const text_size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest_size));
    std::string print{"SHA256:"};
    print.append(reinterpret_cast<char const*>(text.data()), static_cast<std::size_t>(text_size));
    while (print.ends_with('=')) print.pop_back();
    return print;
}

certified_key::certified_key(key_handle key, std::vector<certificate_handle> chain)
    : key_(std::move(key)), chain_(std::move(chain))
{}

key_handle make_key()
{
    return key_handle{demand(EVP_EC_gen("P-256"))};
}

certificate_handle make_certificate(evp_pkey_st& key, base::timestamp now)
{
    certificate_handle handle{demand(X509_new())};
    auto& certificate = *handle;
    demand(X509_set_version(&certificate, X509_VERSION_3));
    set_serial_number(certificate);
    auto* const name = X509_get_subject_name(&certificate);
    auto const* const common_name = reinterpret_cast<unsigned char const*>("porterd");
    demand(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, common_name, -1, -1, 0));
    demand(X509_set_issuer_name(&certificate, name));

    auto start = static_cast<time_t>(now.time_since_epoch().count());
    demand(X509_time_adj_ex(X509_getm_notBefore(&certificate), -1, 0, &start));  // clocks differ
    demand(X509_time_adj_ex(X509_getm_notAfter(&certificate), years_valid * 365, 0, &start));
    demand(X509_set_pubkey(&certificate, &key));

    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, NID_key_usage, "critical,digitalSignature");
    add_extension(certificate, NID_ext_key_usage, "serverAuth");
    add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
    add_extension(certificate, NID_subject_key_identifier, "hash");
    if (X509_sign(&certificate, &key, digest_for(key)) > 0) return handle;
    ERR_clear_error();
    return nullptr;
}

base::secret to_pem(evp_pkey_st& key)
{
    bio_handle const bio{demand(BIO_new(BIO_s_secmem()))};  // wiped when it is freed
    demand(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr));
    return base::secret{content_of(bio.get())};
}

std::string to_pem(x509_st& certificate)
{
    bio_handle const bio{demand(BIO_new(BIO_s_mem()))};
    demand(PEM_write_bio_X509(bio.get(), &certificate));
    return std::string{content_of(bio.get())};
}

key_handle key_from_pem(base::secret const& pem)
{
    auto const bio = make_reader(pem.view());
    key_handle key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr)};
    ERR_clear_error();
    return key;
}

std::vector<certificate_handle> chain_from_pem(std::string_view pem)
{
    std::vector<certificate_handle> chain;
    auto const bio = make_reader(pem);
    while (auto* const each = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) chain.emplace_back(each);
    auto const error = ERR_peek_last_error();
    ERR_clear_error();
    bool const is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    if (!is_end) chain.clear();
    return chain;
}

bool matches(evp_pkey_st const& key, x509_st const& certificate)
{
    auto const* const certified = X509_get0_pubkey(&certificate);
    return certified != nullptr && EVP_PKEY_eq(&key, certified) == 1;
}

}  // namespace porter::detail::tls
