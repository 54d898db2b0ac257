using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Images;

public sealed class ChecksumListTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Other = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    private const string Md5 = "0123456789abcdef0123456789abcdef";

    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly string[] Pieces =
        ["x", ".iso", " ", "\n", "\r", "\\", "*", "(", ")", " = ", "é", "😀", "\t", "SHA256", "#", "-", "n", Hex, "./", "/", "- ", "-----BEGIN PGP SIGNATURE-----"];

    [Theory]
    [InlineData($"{Hex}  x.iso\n")]
    [InlineData($"{Hex} *x.iso\n")]
    [InlineData($"{Hex} x.iso")]
    [InlineData($"{Hex}\tx.iso\r\n")]
    [InlineData($"{Hex}  ./x.iso\n")]
    [InlineData($"{Hex}  ./isos/amd64/x.iso\n")]
    [InlineData($"SHA256 (x.iso) = {Hex}\n")]
    [InlineData($"SHA256(x.iso)= {Hex}\n")]
    [InlineData($"SHA2-256(./x.iso)= {Hex}\n")]
    [InlineData($"\uFEFF{Hex}  x.iso\r\n")]
    [InlineData($"# x.iso: 4096 bytes\nSHA256 (x.iso) = {Hex}\n")]
    [InlineData($"{Md5}  x.iso\n{Hex}  x.iso\nMD5 (x.iso) = {Md5}\nSHA512/256 (x.iso) = {Other}\n")]
    [InlineData($"# SHA3-256 HASH\n{Other}  x.iso\n# SHA256 HASH\n{Hex}  x.iso\n# BLAKE2S HASH\n{Other}  x.iso\n")]
    [InlineData($"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- # a comment\nSHA256 (x.iso) = {Hex}\n-----BEGIN PGP SIGNATURE-----\n\niQ=\n{Other}  x.iso\n-----END PGP SIGNATURE-----\n")]
    public void Every_form_that_publishers_use_says_the_hash(string text)
    {
        var lines = List(text).Of("x.iso");

        Assert.All(lines, line => Assert.Equal(Hex, line.Sha256.ToString()));
        Assert.NotEmpty(lines);
    }

    [Fact]
    public void Capital_digits_and_sixteen_bits_a_character_are_read()
    {
        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            var list = ChecksumList.Parse([.. encoding.GetPreamble(), .. encoding.GetBytes($"{Hex.ToUpperInvariant()}  x.iso\r\n")])!;
            Assert.Equal(Hex, Assert.Single(list.Of("x.iso")).Sha256.ToString());
        }
    }

    [Fact]
    public void A_hash_alone_is_about_no_name()
    {
        Assert.Empty(List(Hex + "\n").Of("x.iso"));
        Assert.Null(Assert.Single(List(Hex + "\n").Lines).Name);
    }

    [Fact]
    public void The_file_in_the_same_folder_comes_before_one_in_another()
    {
        var list = List($"{Other}  gtk/mini.iso\n{Hex}  ./mini.iso\n");

        Assert.Equal(Hex, Assert.Single(list.Of("mini.iso")).Sha256.ToString());
        Assert.Equal(2, List($"{Other}  gtk/mini.iso\n{Hex}  text/mini.iso\n").Of("mini.iso").Count);
        Assert.Equal(2, Assert.Single(list.Of("mini.iso")).Number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html><title>404</title></html>\n")]
    [InlineData($"{Md5}  x.iso\n")]
    [InlineData($"{Hex}0  x.iso\n")]
    [InlineData($"{Hex}  other.iso\n")]
    [InlineData($"{Hex}  xx.iso\n")]
    [InlineData($"SHA512 (x.iso) = {Hex}\n")]
    public void What_says_nothing_about_it_says_nothing(string text) => Assert.Empty(List(text).Of("x.iso"));

    [Fact]
    public void What_is_no_text_or_too_long_is_no_list()
    {
        Assert.Null(ChecksumList.Parse([.. Encoding.ASCII.GetBytes(Hex), 0]));
        Assert.Null(ChecksumList.Parse(new byte[ChecksumList.MaxLength + 1]));
        Assert.NotNull(ChecksumList.Parse(Enumerable.Repeat((byte)'a', ChecksumList.MaxLength).ToArray()));
    }

    [Fact]
    public void No_bytes_make_it_fail_or_find_what_is_not_there()
    {
        Check.One(Thorough, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => ChecksumList.Parse(bytes) is not { } list || list.Lines.Count <= bytes.Length / 64));
        Check.One(Thorough, Prop.ForAll(Gen.Elements(Pieces).ListOf().Select(string.Concat).ToArbitrary(), text =>
            ChecksumList.Parse(Encoding.UTF8.GetBytes(text)) is not { } list || list.Lines.All(l => text.Contains(l.Sha256.ToString(), StringComparison.OrdinalIgnoreCase))));
    }

    /// <summary>As coreutils writes them: a name with a line break or a backslash is escaped, and its line marked.</summary>
    [Fact]
    public void Any_name_that_coreutils_can_write_is_found_again()
    {
        var names = Gen.Elements(Pieces).NonEmptyListOf().Select(string.Concat).Where(n => n == n.Trim() && !n.Contains('/', StringComparison.Ordinal) && !n.StartsWith('*') && n.Length > 0);
        Check.One(Thorough, Prop.ForAll(names.ToArbitrary(), name =>
        {
            var escaped = name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
            var mark = escaped == name ? "" : "\\";
            return List($"{mark}{Hex}  {escaped}\n").Of(name) is [{ Number: 1 }] && List($"{mark}SHA256 ({escaped}) = {Hex}\n").Of(name) is [{ Number: 1 }];
        }));
    }

    [Fact]
    public void A_name_in_another_case_is_the_same_unless_the_very_name_is_there()
    {
        Assert.Single(List($"{Hex}  X.ISO\n").Of("x.iso"));
        Assert.Equal(2, Assert.Single(List($"{Hex}  X.ISO\n{Hex}  x.iso\n").Of("x.iso")).Number);
    }

    private static ChecksumList List(string text) => ChecksumList.Parse(Encoding.UTF8.GetBytes(text))!;
}
