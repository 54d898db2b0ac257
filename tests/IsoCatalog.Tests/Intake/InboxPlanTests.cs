using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Intake;

public sealed class InboxPlanTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Other = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Long = Now.AddHours(-1);

    /// <summary>What each program calls its work on x.iso, as its source or its documents say.</summary>
    public static TheoryData<string> Unfinished =>
    [
        "x.iso.aria2", "x.iso.st", "x.iso.lftp-pget-status", "x.iso.part", "x.iso.partial", "x.iso.filepart", "x.iso.crdownload", "x.iso.opdownload", "x.iso.download", "x.iso.fdmdownload",
        "x.iso.!qB", "x.iso.!ut", "x.iso.bc!", "x.iso.!sync", "x.iso.bts", "x.iso.tmp", "x.iso.ocTransferId1529823490.part", "x.iso.3f2a9c01.partial", "x.iso.dtapart", "x.iso.xltd", "X.ISO.PART",
        "~syncthing~x.iso.tmp", ".syncthing.x.iso.tmp", ".x.iso.Ab3dEf", ".x.iso.~1a2b", ".in.x.iso", ".in.x.iso.", "x.Ab3dEf12.iso.part", "x.iso.part.minio", "x.iso.cyberduckpart",
        ".unison.x.iso.0123456789abcdef.unison.tmp", "x.iso.unknown-program", "x.iso-journal",
    ];

    [Theory]
    [MemberData(nameof(Unfinished))]
    public void What_a_program_keeps_beside_an_image_until_it_is_whole_holds_it_back(string beside)
    {
        var wait = Assert.IsType<InboxVerdict.Wait>(Of(File("x.iso"), File(beside))["x.iso"]);
        Assert.Contains(beside, wait.Reason, StringComparison.Ordinal);
        Assert.Contains("isocatalog add /in/x.iso", wait.Reason, StringComparison.Ordinal);
        Assert.IsType<InboxVerdict.Take>(Of(File("x.iso"))["x.iso"]);
        Assert.IsType<InboxVerdict.Take>(Of(File("y.iso"), File(beside))["y.iso"]);

        // Alone it is never an image, and says nothing silly.
        var alone = Of(File(beside))[beside];
        Assert.DoesNotContain(beside + ".iso", alone switch { InboxVerdict.Wait { Reason: var r } => r, InboxVerdict.PassOver { Reason: var r } => r, _ => "" }, StringComparison.Ordinal);
        Assert.IsNotType<InboxVerdict.Take>(alone);
    }

    [Theory]
    [InlineData("Unconfirmed 482911.crdownload")]
    [InlineData("opr1A2.tmp")]
    [InlineData("download.part")]
    [InlineData(".pureftpd-upload.5f3a.15.1.abc")]
    public void What_does_not_say_whose_work_it_is_waits_by_itself(string name)
    {
        var plan = Of(File(name), File("x.iso"));
        Assert.Equal(Long, Assert.IsType<InboxVerdict.Wait>(plan[name]).Since);
        Assert.IsType<InboxVerdict.Take>(plan["x.iso"]);
    }

    [Theory]
    [InlineData("x.iso.asc")]
    [InlineData("x.iso.sig")]
    [InlineData("x.iso.torrent")]
    [InlineData("x.iso.zsync")]
    [InlineData("x.iso.md5")]
    [InlineData("x.iso.sha512")]
    [InlineData("x.iso.txt")]
    [InlineData("x.iso.gz")]
    [InlineData("x.iso.1")]
    [InlineData("SHA256SUMS.gpg")]
    [InlineData("MD5SUMS")]
    public void What_publishers_put_beside_an_image_holds_nothing_back_and_is_not_passed_over_in_silence(string beside)
    {
        var plan = Of(File("x.iso"), File(beside));
        Assert.IsType<InboxVerdict.Take>(plan["x.iso"]);
        Assert.Contains(beside, Assert.IsType<InboxVerdict.PassOver>(plan[beside]).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".DS_Store")]
    [InlineData(".stfolder")]
    [InlineData(".nfs0000000000a1b2c300000001")]
    [InlineData("lost+found")]
    [InlineData("Thumbs.db")]
    public void What_systems_keep_for_themselves_is_nothing_to_talk_about(string name) => Assert.IsType<InboxVerdict.Leave>(Of(File(name))[name]);

    [Theory]
    [InlineData("x.iso.sha256", $"{Hex}  x.iso\n")]
    [InlineData("x.iso.sha256", $"{Hex}\n")]
    [InlineData("x.iso.sha256", $"{Hex}  build-7.iso\n")]
    [InlineData("x.iso.sha256sum", $"{Hex} *x.iso\n")]
    [InlineData("x.sha256", $"{Hex}  x.iso\n")]
    [InlineData("x-CHECKSUM", $"SHA256 (x.iso) = {Hex}\n")]
    [InlineData("x.iso.CHECKSUM", $"SHA256 (x.iso) = {Hex}\n")]
    [InlineData("x.iso.DIGESTS", $"# SHA256 HASH\n{Hex}  x.iso\n")]
    [InlineData("SHA256SUMS", $"{Other}  y.iso\n{Hex} *x.iso\n")]
    [InlineData("sha256sum.txt", $"{Hex}  ./x.iso\n")]
    [InlineData("CHECKSUM", $"SHA256 (x.iso) = {Hex}\n")]
    [InlineData("CHECKSUM.SHA256-FreeBSD-14.0-RELEASE-amd64", $"SHA256 (x.iso) = {Hex}\n")]
    [InlineData("Fedora-39-1.5-x86_64-CHECKSUM", $"SHA256 (x.iso) = {Hex}\n")]
    [InlineData("SHA256", $"SHA256 (x.iso) = {Hex}\n")]
    public void A_list_of_checksums_beside_an_image_says_what_it_must_be(string name, string text)
    {
        var plan = Of(File("x.iso"), File(name, text: text));
        var expected = Assert.IsType<InboxVerdict.Take>(plan["x.iso"]).Expected;
        Assert.Equal(Hex, expected?.Sha256.ToString());
        Assert.Contains(name, expected!.By, StringComparison.Ordinal);
        Assert.IsType<InboxVerdict.Leave>(plan[name]);
    }

    [Fact]
    public void A_list_that_does_not_name_the_image_says_nothing_of_it()
    {
        Assert.Null(Take(Of(File("x.iso"), File("SHA256SUMS", text: $"{Hex}  y.iso\n"))["x.iso"]).Expected);
        Assert.Null(Take(Of(File("x.iso"), File("y.iso"), File("y.iso.sha256", text: $"{Hex}\n"))["x.iso"]).Expected);
        Assert.Null(Take(Of(File("x.iso"), File("gone.iso.sha256", text: $"{Hex}\n"))["x.iso"]).Expected);
    }

    [Fact]
    public void A_list_that_is_still_being_written_is_waited_for()
    {
        Assert.Null(Assert.IsType<InboxVerdict.Wait>(Of(File("x.iso"), File("SHA256SUMS", text: "", since: Now))["x.iso"]).Reason);
        Assert.Null(Assert.IsType<InboxVerdict.Wait>(Of(File("x.iso", since: Now.AddSeconds(-1)))["x.iso"]).Reason);
    }

    [Fact]
    public void Lists_that_contradict_each_other_or_cannot_be_used_hold_the_image_back_in_words()
    {
        foreach (var (list, why) in new[]
        {
            (File("x.iso.sha256", text: "<html>404</html>"), "says none"),
            (File("x.iso.sha256") with { Problem = "it is longer than 1,048,576 bytes." }, "longer than"),
            (File("SHA256SUMS", kind: FileKind.Link), "a link"),
            (File("SHA256SUMS") with { Problem = "Permission denied." }, "Permission denied"),
            (File("SHA256SUMS", text: $"{Hex}  x.iso\n{Other}  x.iso\n"), Other),
        })
        {
            var plan = Of(File("x.iso"), list);
            var reason = Assert.IsType<InboxVerdict.PassOver>(plan["x.iso"]).Reason;
            Assert.Contains(why, reason, StringComparison.Ordinal);
            Assert.Contains("isocatalog add /in/x.iso", reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_list_that_came_after_its_image_and_says_otherwise_is_not_passed_over()
    {
        var image = SomeImages.Id(1).Sha256;
        var plan = InboxPlan.Of("/in", [File("SHA256SUMS", text: $"{Hex}  x.iso\n")], name => name == "x.iso" ? image : null, Now);
        Assert.Contains("isocatalog rm x.iso", Assert.IsType<InboxVerdict.PassOver>(Assert.Single(plan).Verdict).Reason, StringComparison.Ordinal);
        plan = InboxPlan.Of("/in", [File("SHA256SUMS", text: $"{image}  x.iso\n")], _ => image, Now);
        Assert.IsType<InboxVerdict.Leave>(Assert.Single(plan).Verdict);

        // Also while the image still lies there, because it cannot be deleted.
        InboxFile[] both = [File("x.iso"), File("SHA256SUMS", text: $"{Hex}  x.iso\n")];
        Assert.IsType<InboxVerdict.Leave>(InboxPlan.Of("/in", both, _ => image, Now)[1].Verdict);
        Assert.IsType<InboxVerdict.PassOver>(InboxPlan.Of("/in", both, _ => image, Now, f => f.Name == "x.iso")[1].Verdict);
    }

    /// <summary>What says how far a download is would take the image's place, and so would anything where the image lies.</summary>
    [Theory]
    [InlineData("x.iso.aria2", false, false)]
    [InlineData("x.iso.st", false, false)]
    [InlineData("x.iso.part", true, false)]
    [InlineData("x.iso.part", false, true)]
    public void Nobody_is_told_to_rename_what_is_no_image_or_over_one(string name, bool besideImage, bool told)
    {
        var plan = besideImage ? Of(File(name), File("x.iso")) : Of(File(name));
        Assert.Equal(told, Assert.IsType<InboxVerdict.Wait>(plan[name]).Reason!.Contains("rename it to x.iso", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(FileKind.Link, "link")]
    [InlineData(FileKind.Pipe, "pipe")]
    [InlineData(FileKind.Socket, "socket")]
    [InlineData(FileKind.Device, "device")]
    [InlineData(FileKind.Folder, "folder")]
    public void What_is_no_file_is_said_to_be_none(FileKind kind, string word) =>
        Assert.Contains(word, Assert.IsType<InboxVerdict.PassOver>(Of(File("x.iso", kind))["x.iso"]).Reason, StringComparison.Ordinal);

    [Fact]
    public void A_folder_matters_by_what_is_in_it()
    {
        Assert.IsType<InboxVerdict.Leave>(Of(File("drivers", FileKind.Folder))["drivers"]);
        Assert.Contains("a/b.iso and 1 more", Reason(Of(File("drivers", FileKind.Folder) with { Images = ["a/b.iso", "a/c.iso"] })["drivers"]), StringComparison.Ordinal);
        Assert.Contains("Permission denied", Reason(Of(File("drivers", FileKind.Folder) with { Images = [], Problem = "Permission denied." })["drivers"]), StringComparison.Ordinal);
        Assert.IsType<InboxVerdict.Wait>(Of(File("x.iso"), File(".~tmp~", FileKind.Folder) with { Images = [".~tmp~/x.iso"] })["x.iso"]);
        Assert.IsType<InboxVerdict.Wait>(Of(File("x.iso.download", FileKind.Folder) with { Images = ["x.iso.download/x.iso"] })["x.iso.download"]);
        Assert.IsType<InboxVerdict.Leave>(Of(File(".stversions", FileKind.Folder) with { Images = [".stversions/x.iso"] })[".stversions"]);
    }

    [Theory]
    [InlineData("notes", "does not end with .iso")]
    [InlineData("x.img", "does not end with .iso")]
    [InlineData(".x.iso", "hidden")]
    public void Another_name_is_said_to_be_none_of_an_image(string name, string why) => Assert.Contains(why, Reason(Of(File(name))[name]), StringComparison.Ordinal);

    [Fact]
    public void The_time_of_a_wait_is_that_of_the_last_move_of_any_part()
    {
        var wait = Assert.IsType<InboxVerdict.Wait>(Of(File("x.iso"), File("x.iso.aria2", since: Now.AddMinutes(-3)))["x.iso"]);
        Assert.Equal(Now.AddMinutes(-3), wait.Since);
    }

    [Fact]
    public void Whatever_lies_there_each_file_gets_one_verdict_and_only_an_image_is_taken()
    {
        string[] pieces = ["x", ".iso", ".part", ".", "~", "sha256", "SUMS", ".aria2", "CHECKSUM", " ", "😀", "\n", "..", "-", "lost+found", ".txt", "\uFFFD", "(1)"];
        var names = Gen.Elements(pieces).NonEmptyListOf().Select(string.Concat);
        var files = from name in names
                    from kind in Gen.Elements(Enum.GetValues<FileKind>())
                    from text in Gen.Elements<string?>(null, "", $"{Hex}  x.iso\n", $"{Hex}\n{Other}\n")
                    select File(name, kind, text: text);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(files.ListOf().ToArbitrary(), listing =>
        {
            var plan = InboxPlan.Of("/in", [.. listing], _ => null, Now);
            return plan.Count == listing.Count && plan.All(p => p.Verdict is not InboxVerdict.Take || (p.File.Entry.Kind == FileKind.Regular && InboxName.IsImage(p.File.Name) && p.File.Name[0] != '.'));
        }));
    }

    [Fact]
    public void What_was_taken_up_is_read_back_as_it_was_remembered()
    {
        TakenFile[] files =
        [
            new("x.iso", new Receipt(1, 2, 3, -4, 5, default), 6, SomeImages.Id(1), Now, "Operation not permitted."),
            new("a name with (spaces).iso", new Receipt(ulong.MaxValue, 2, long.MaxValue, 4, long.MinValue, default), 6, SomeImages.Id(2), Now, "two\nlines"),
        ];

        var again = TakenFiles.Parse(TakenFiles.Text(files)).ToList();
        Assert.Equal([files[0], files[1] with { Why = "two lines" }], again);
        Assert.Empty(TakenFiles.Parse(""));
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text => TakenFiles.Parse(text ?? "").Count() >= 0));

        // Mounted anew, or with another mode, it is the same; written to, it is not.
        Assert.True(files[0].Is(new Receipt(9, 8, 3, -4, 5, default)));
        Assert.True(files[0].Is(new Receipt(1, 2, 3, -4, 9, default)));
        Assert.False(files[0].Is(new Receipt(1, 2, 3, 9, 5, default)));
        Assert.False(files[0].Is(new Receipt(1, 8, 3, -4, 9, default)));
    }

    private static string Reason(InboxVerdict verdict) => Assert.IsType<InboxVerdict.PassOver>(verdict).Reason;

    private static InboxVerdict.Take Take(InboxVerdict verdict) => Assert.IsType<InboxVerdict.Take>(verdict);

    private static Dictionary<string, InboxVerdict> Of(params InboxFile[] files) =>
        InboxPlan.Of("/in", files, _ => null, Now).ToDictionary(p => p.File.Name, p => p.Verdict);

    private static InboxFile File(string name, FileKind kind = FileKind.Regular, string? text = null, DateTimeOffset? since = null) => new(
        new FolderEntry(name, true, kind, default), since ?? Long, List: text is null ? null : ChecksumList.Parse(Encoding.UTF8.GetBytes(text)));
}
