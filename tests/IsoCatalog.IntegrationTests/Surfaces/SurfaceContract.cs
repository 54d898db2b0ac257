using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>What every surface must do. A kind of surface passes by deriving from this class and telling how one is made, what its client
/// sees, and how to damage what it serves; what only that kind can do is tested elsewhere.</summary>
public abstract class SurfaceContract : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _reasons = [];
    private ISurface? _surface;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Where the store and everything of the surface may lie.</summary>
    protected string Root => _folder.Path;

    protected ISurface Surface => _surface ?? throw new InvalidOperationException("The surface is not open.");

    /// <summary>Called again after a restart: it must find what the one before it left.</summary>
    protected abstract Task<ISurface> CreateAsync();

    /// <summary>Takes the client's way, not the appliance's: null when the client is told that there is no such image.</summary>
    protected abstract Task<byte[]?> SeenByClientAsync(StoredImage image);

    /// <summary>Changes one byte of what the client is served.</summary>
    protected abstract void Damage(StoredImage image);

    /// <summary>Takes away what the client is served.</summary>
    protected abstract void Lose(StoredImage image);

    /// <summary>Evidence of the surface's own kind that is not of what it shows.</summary>
    protected abstract IEnumerable<Evidence> Wrong(Evidence right);

    /// <summary>Words that no reason may contain: passwords, tokens.</summary>
    protected virtual IEnumerable<string> Secrets(StoredImage image) => [];

    public virtual async ValueTask InitializeAsync()
    {
        _surface = await CreateAsync();
        Assert.IsType<SurfaceOutcome.Done>(await _surface.CheckAsync(Cancel));
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_surface is not null)
        {
            await _surface.DisposeAsync();
        }

        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_published_image_is_seen_byte_for_byte()
    {
        var (image, bytes) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        Assert.Equal(bytes, await SeenByClientAsync(image));
        Assert.Equal((image.Root, image.Size), (evidence.Root, evidence.Size));
    }

    [Fact]
    public async Task A_staged_image_is_not_visible()
    {
        var (image, _) = Put("debian-12.iso");
        Done(await Surface.StageAsync(image, null, Cancel));
        Assert.Null(await SeenByClientAsync(image));
    }

    [Fact]
    public async Task Staging_twice_and_advertising_twice_end_in_the_same_state()
    {
        var (image, bytes) = Put("debian-12.iso");
        Done(await Surface.StageAsync(image, null, Cancel));
        Done(await Surface.StageAsync(image, null, Cancel));
        var first = Done(await Surface.AdvertiseAsync(image, Cancel));
        Assert.Equal(first, Done(await Surface.AdvertiseAsync(image, Cancel)));
        Assert.Equal(bytes, await SeenByClientAsync(image));
    }

    [Fact]
    public async Task Staging_reports_its_progress_up_to_the_size()
    {
        var (image, _) = Put("debian-12.iso");
        var reports = new List<long>();
        Done(await Surface.StageAsync(image, new Reports(reports.Add), Cancel));
        Assert.NotEmpty(reports);
        Assert.Equal(reports.Order(), reports);
        Assert.InRange(reports[^1], image.Size - 1, image.Size);
    }

    [Fact]
    public async Task A_withdrawn_image_is_out_of_sight_and_withdrawing_it_again_is_success()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, evidence, Cancel));
        Assert.Null(await SeenByClientAsync(image));
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, evidence, Cancel));
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, null, Cancel));
        Assert.True(File.Exists(image.StorePath));
    }

    [Fact]
    public async Task Withdrawing_what_was_never_published_is_success()
    {
        var (image, _) = Put("debian-12.iso");
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, null, Cancel));
        Done(await Surface.StageAsync(image, null, Cancel));
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, null, Cancel));
        Assert.Null(await SeenByClientAsync(image));
    }

    [Fact]
    public async Task A_withdrawn_image_can_be_published_again()
    {
        var (image, bytes) = Put("debian-12.iso");
        await Surface.WithdrawAsync(image, await PublishAsync(image), Cancel);
        await PublishAsync(image);
        Assert.Equal(bytes, await SeenByClientAsync(image));
    }

    [Fact]
    public async Task Withdrawing_one_image_leaves_the_others()
    {
        var (first, _) = Put("debian-12.iso");
        var (second, bytes) = Put("debian-13.iso");
        var evidence = await PublishAsync(first);
        await PublishAsync(second);
        await Surface.WithdrawAsync(first, evidence, Cancel);
        Assert.Null(await SeenByClientAsync(first));
        Assert.Equal(bytes, await SeenByClientAsync(second));
    }

    [Fact]
    public async Task After_a_restart_an_unchanged_image_is_resumed_without_staging()
    {
        var (image, bytes) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        await RestartAsync();
        var resumed = Done(await Surface.ResumeAsync(image, evidence, Cancel));
        Assert.Equal(bytes, await SeenByClientAsync(image));
        Assert.Empty(await Surface.ObserveAsync([new PublishedImage(image, resumed)], Cancel));
        await Surface.WithdrawAsync(image, resumed, Cancel);
        Assert.Null(await SeenByClientAsync(image));
    }

    [Fact]
    public async Task Resuming_with_evidence_of_something_else_is_refused()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        await RestartAsync();
        var wrong = Wrong(evidence).ToList();
        Assert.True(wrong.Count >= 2);
        foreach (var other in wrong)
        {
            Refused(await Surface.ResumeAsync(image, other, Cancel), Doubts);
        }
    }

    /// <summary>A surface may be given the name that another kind of surface had.</summary>
    [Fact]
    public async Task Evidence_of_another_kind_of_surface_is_none()
    {
        var (image, bytes) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        var other = evidence.FileReceipt is null ? (Evidence)image.StoreReceipt : new Evidence.Own(image.Root, image.Size, "a disk elsewhere");
        await RestartAsync();
        Refused(await Surface.ResumeAsync(image, other, Cancel), Doubts);
        Refused(await Surface.VerifyAsync(image, other, null, Cancel), Doubts);
        Assert.Equal(image.Id, Assert.Single(await Surface.ObserveAsync([new PublishedImage(image, other)], Cancel), f => f.Image is not null).Image);
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, other, Cancel));
        Assert.Null(await SeenByClientAsync(image));
        await PublishAsync(image);
        Assert.Equal(bytes, await SeenByClientAsync(image));
    }

    [Fact]
    public async Task What_is_shown_can_be_mounted_also_after_a_restart()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        var mount = Surface.MountOf(image, evidence);
        Assert.NotNull(mount);
        Assert.NotEqual(new SurfaceMount(), mount);
        await RestartAsync();
        Assert.Equal(mount, Surface.MountOf(image, Done(await Surface.ResumeAsync(image, evidence, Cancel))));
    }

    [Fact]
    public async Task Resuming_what_was_edited_or_deleted_meanwhile_is_refused()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        Damage(image);
        await RestartAsync();
        Refused(await Surface.ResumeAsync(image, evidence, Cancel), Doubts);
        Lose(image);
        Refused(await Surface.ResumeAsync(image, evidence, Cancel), ReasonCode.FileMissing, ReasonCode.StoreMissing);
    }

    [Fact]
    public async Task Verifying_reads_all_and_agrees_while_nothing_changed()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        var reports = new List<long>();
        Assert.Equal(evidence, Done(await Surface.VerifyAsync(image, evidence, new Reports(reports.Add), Cancel)));
        Assert.Equal(image.Size, reports[^1]);
    }

    [Fact]
    public async Task Verifying_finds_one_flipped_byte()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        Damage(image);
        Refused(await Surface.VerifyAsync(image, evidence, null, Cancel), Doubts);
    }

    [Fact]
    public async Task A_store_file_that_was_edited_is_refused_at_stage()
    {
        var (image, _) = Put("debian-12.iso");
        FlipOneByte(image.StorePath);
        Refused(await Surface.StageAsync(image, null, Cancel), Doubts);
        Assert.Null(await SeenByClientAsync(image));
    }

    [Fact]
    public async Task A_store_file_that_is_missing_is_refused_at_stage()
    {
        var (image, _) = Put("debian-12.iso");
        File.Delete(image.StorePath);
        Refused(await Surface.StageAsync(image, null, Cancel), ReasonCode.StoreMissing, ReasonCode.FileMissing);
        Assert.Null(await SeenByClientAsync(image));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_file_changed_between_stage_and_advertise_is_never_shown(bool replaced)
    {
        var (image, bytes) = Put("debian-12.iso");
        Done(await Surface.StageAsync(image, null, Cancel));
        if (replaced)
        {
            var other = Path.Combine(Root, "other");
            await File.WriteAllBytesAsync(other, new byte[image.Size], Cancel);
            File.Move(other, image.StorePath, overwrite: true);
        }
        else
        {
            FlipOneByte(image.StorePath);
        }

        var outcome = await Surface.AdvertiseAsync(image, Cancel);
        var seen = await SeenByClientAsync(image);
        if (Surface.Description.ServesStoreInode)
        {
            Refused(outcome, Doubts);
            Assert.Null(seen);
        }
        else
        {
            Done(outcome);
            Assert.Equal(bytes, seen);
        }
    }

    [Fact]
    public async Task Observing_finds_nothing_where_all_is_well()
    {
        var (image, _) = Put("debian-12.iso");
        Assert.Empty(await Surface.ObserveAsync([], Cancel));
        Assert.Empty(await Surface.ObserveAsync([new PublishedImage(image, await PublishAsync(image))], Cancel));
    }

    [Fact]
    public async Task Observing_names_the_image_that_is_missing_and_the_one_that_changed()
    {
        var (missing, _) = Put("debian-12.iso");
        var (changed, _) = Put("debian-13.iso");
        var (right, _) = Put("debian-14.iso");
        PublishedImage[] expected =
        [
            new(missing, await PublishAsync(missing)), new(changed, await PublishAsync(changed)), new(right, await PublishAsync(right)),
        ];
        Lose(missing);
        Damage(changed);

        var findings = await Surface.ObserveAsync(expected, Cancel);
        Assert.Equal(2, findings.Count);
        Assert.Contains(findings.Single(finding => finding.Image == missing.Id).Code, new[] { ReasonCode.FileMissing, ReasonCode.StoreMissing });
        Assert.Contains(findings.Single(finding => finding.Image == changed.Id).Code, Doubts);
        Assert.All(findings, finding => Assert.False(string.IsNullOrWhiteSpace(finding.Reason)));
    }

    [Fact]
    public async Task A_stage_that_is_cancelled_shows_nothing_and_can_be_repeated()
    {
        var (image, bytes) = Put("debian-12.iso");
        using var source = new CancellationTokenSource();
        try
        {
            await Surface.StageAsync(image, new Reports(_ => source.Cancel()), source.Token);
        }
        catch (OperationCanceledException)
        {
            // A surface that copies nothing may be done before it notices.
        }

        Assert.Null(await SeenByClientAsync(image));
        await PublishAsync(image);
        Assert.Equal(bytes, await SeenByClientAsync(image));
    }

    [Fact]
    public async Task Checking_publishes_nothing_and_withdraws_nothing()
    {
        var (staged, _) = Put("debian-12.iso");
        var (shown, bytes) = Put("debian-13.iso");
        Done(await Surface.StageAsync(staged, null, Cancel));
        await PublishAsync(shown);
        Assert.IsType<SurfaceOutcome.Done>(await Surface.CheckAsync(Cancel));
        Assert.Null(await SeenByClientAsync(staged));
        Assert.Equal(bytes, await SeenByClientAsync(shown));
        Done(await Surface.AdvertiseAsync(staged, Cancel));
    }

    [Theory]
    [InlineData("0.iso")]
    [InlineData("a..iso")]
    [InlineData("A+-_.iso.iso")]
    [InlineData("CON.iso")]
    [InlineData("x.part.iso")]
    [InlineData("volume.iso")]
    public async Task A_legal_name_is_published_whatever_it_looks_like(string name)
    {
        var (image, bytes) = Put(name, 70_000);
        var evidence = await PublishAsync(image);
        Assert.Equal(bytes, await SeenByClientAsync(image));
        Assert.Empty(await Surface.ObserveAsync([new PublishedImage(image, evidence)], Cancel));
    }

    [Fact]
    public async Task The_longest_legal_name_is_published()
    {
        var (image, bytes) = Put(new string('n', 201) + ".iso", 70_000);
        var evidence = await PublishAsync(image);
        Assert.Equal(bytes, await SeenByClientAsync(image));
        Assert.IsType<SurfaceOutcome.Done>(await Surface.WithdrawAsync(image, evidence, Cancel));
    }

    [Fact]
    public async Task No_reason_tells_a_secret()
    {
        var (image, _) = Put("debian-12.iso");
        var evidence = await PublishAsync(image);
        Damage(image);
        Hear(await Surface.VerifyAsync(image, evidence, null, Cancel));
        Hear(await Surface.ResumeAsync(image, evidence, Cancel));
        _reasons.AddRange((await Surface.ObserveAsync([new PublishedImage(image, evidence)], Cancel)).Select(finding => finding.Reason));
        File.Delete(image.StorePath);
        Hear(await Surface.StageAsync(image, null, Cancel));
        Hear(await Surface.AdvertiseAsync(image, Cancel));
        Assert.NotEmpty(_reasons);
        Assert.All(_reasons, reason => Assert.All(Secrets(image), secret => Assert.DoesNotContain(secret, reason, StringComparison.Ordinal)));
    }

    /// <summary>Codes that say that bytes are doubted.</summary>
    protected static IReadOnlyList<string> Doubts { get; } =
        [ReasonCode.FileChanged, ReasonCode.HashMismatch, ReasonCode.StoreDamaged, ReasonCode.FileMissing, ReasonCode.StoreMissing];

    protected (StoredImage Image, byte[] Bytes) Put(string fileName, int size = ContractImages.Size) =>
        ContractImages.Put(Path.Combine(Root, "store"), fileName, size);

    protected async Task<Evidence> PublishAsync(StoredImage image)
    {
        Done(await Surface.StageAsync(image, null, Cancel));
        return Done(await Surface.AdvertiseAsync(image, Cancel));
    }

    protected async Task RestartAsync()
    {
        await Surface.DisposeAsync();
        _surface = await CreateAsync();
        Assert.IsType<SurfaceOutcome.Done>(await Surface.CheckAsync(Cancel));
    }

    protected static Evidence Done(SurfaceOutcome outcome)
    {
        Assert.True(outcome is SurfaceOutcome.Done { Evidence: not null }, $"Expected success with evidence, not {outcome}.");
        return ((SurfaceOutcome.Done)outcome).Evidence!;
    }

    protected static SurfaceOutcome.Refused Refused(SurfaceOutcome outcome, params IEnumerable<string> codes)
    {
        var refused = Assert.IsType<SurfaceOutcome.Refused>(outcome);
        Assert.Contains(refused.Code, codes);
        Assert.False(string.IsNullOrWhiteSpace(refused.Reason));
        return refused;
    }

    /// <summary>In place, through a mode that no longer protects it.</summary>
    internal static void FlipOneByte(string path)
    {
        using (var owned = DurableFile.OpenRead(path))
        {
            DurableFile.SetMode(owned, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var offset = RandomAccess.GetLength(file) / 2;
        var one = new byte[1];
        RandomAccess.Read(file, one, offset);
        one[0] ^= 1;
        RandomAccess.Write(file, one, offset);
    }

    private void Hear(SurfaceOutcome outcome)
    {
        if (outcome is SurfaceOutcome.Refused refused)
        {
            _reasons.Add(refused.Reason);
        }
    }

    private sealed class Reports(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
