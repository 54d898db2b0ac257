using IsoCatalog.Appliance.Access;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Web;

internal sealed class RussianWords : Words
{
    public override string Tag => "ru";

    public override string Name => "Русский";

    public override string Live => "обновляется";

    public override string NotConnected => "нет связи";

    public override string LanguageTitle => "Язык";

    public override string Skip => "Сразу к образам";

    public override string SignIn => "Войти";

    public override string SignOut => "Выйти";

    public override string TokenLabel => "Токен с ролью operator";

    public override string NoForm => "Это не форма входа.";

    public override (string Before, string After) TokenHint => (
        "Хеши токенов этой площадки лежат в её site.yaml; новый токен создаёт", "Браузер хранит сеанс, а не токен.");

    public override string UpSince => "работает с";

    public override (string Before, string Between, string Link) Elsewhere => ("всё это показывают и", "и", "API");

    public override string Summary => "Сводка";

    public override string Attention => "Внимание";

    public override string OnTheWay => "В пути";

    public override string Empty => "Пусто";

    public override string InOrder => "Всё в порядке";

    public override string AllAdvertised => "всё доступно";

    public override string NoImageYet => "образов пока нет";

    public override string FigureEverywhere => "доступно везде";

    public override string FigureOnTheWay => "в пути";

    public override string FigureHeard => "площадок на связи";

    public override string FigureRestorable => "можно вернуть";

    public override string FigureFree => "свободно здесь";

    public override string DriftTitle => "Отклонения";

    public override string NoDrift => "Всё опубликованное в порядке.";

    public override string Problem => "неполадка";

    public override string TransfersTitle => "В пути";

    public override string NothingOnTheWay => "Ничего не загружается, не добавляется и не отправляется.";

    public override string AliasMoves => "переносится псевдоним";

    public override string AddedHere => "добавляется здесь";

    public override string Sending => "отправляется";

    public override string Waits => "ожидает";

    public override string SitesTitle => "Площадки";

    public override string ThisSite => "эта площадка";

    public override string SiteOk => "в порядке";

    public override string SiteLate => "не отвечает";

    public override string SiteNotHeard => "ещё не на связи";

    public override string UpToDate => "отставания нет";

    public override string BehindUnknown => "отставание неизвестно";

    public override string NoAnswerYet => "ответа пока нет";

    public override string ImagesTitle => "Образы";

    public override string Image => "Образ";

    public override string Filter => "Имя, название или id";

    public override string OnlyUnready => "доступные не везде";

    public override string Show => "Показать";

    public override string ShowAll => "все";

    public override string NoImageLikeThat => "Таких образов нет.";

    public override string NoImages => "Образов пока нет: добавьте образ командой isocatalog add или положите файл в папку inbox.";

    public override string Where => "Доступен";

    public override string Everywhere => "везде";

    public override string Faulty => "С дефектом:";

    public override string PagesTitle => "Страницы образов";

    public override string Previous => "Назад";

    public override string Next => "Вперёд";

    public override string LeasesTitle => "Аренды";

    public override string NoLeases => "На этой площадке образы никем не заняты.";

    public override string RetiredTitle => "Удалены, но можно вернуть";

    public override string NoRetired => "Удалённых образов не хранится.";

    public override string RecallsTitle => "Отозваны";

    public override string NoRecalls => "Отозванных образов нет.";

    public override string NoReasonGiven => "причина не указана";

    public override string Surface => "Поверхность";

    public override string Client => "Клиент";

    public override string SinceTitle => "Когда";

    public override string RunsOutIn => "Истекает через";

    public override string SizeTitle => "Размер";

    public override string Removed => "Удалён";

    public override string KeptUntil => "Хранится до";

    public override string Why => "Почему";

    public override string By => "Кем";

    public override string LeasesHere => "Аренд здесь";

    public override string JustNow => "только что";

    protected override string Unknown => "неизвестно";

    protected override string Late => "не отвечает";

    protected override IReadOnlyList<string> Units { get; } = ["Б", "КиБ", "МиБ", "ГиБ", "ТиБ"];

    protected override string PerSecond => "с";

    protected override (string Seconds, string Minutes, string Hours, string Days) Spans => ("с", "мин", "ч", "дн.");

    protected override IReadOnlyList<string> Months { get; } =
        ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"];

    protected override char Point => ',';

    public override string Images(int count) => Some(count, "образ", "образа", "образов");

    public override string Sites(int count) => Some(count, "площадка", "площадки", "площадок");

    public override string Surfaces(int count) => Some(count, "поверхность", "поверхности", "поверхностей");

    public override string Documents(int count) => Some(count, "документ", "документа", "документов");

    public override string Leases(int count) => Some(count, "аренда", "аренды", "аренд");

    public override string FigureLeases(int count) => Form(count, "аренда", "аренды", "аренд");

    public override string FigureDrift(int count) => Form(count, "отклонение", "отклонения", "отклонений");

    public override string Drifting(int count) => Some(count, "отклонение", "отклонения", "отклонений");

    public override string NotEverywhere(int count) => $"{Number(count)} {Form(count, "доступен", "доступны", "доступны")} не везде";

    public override string NotHeard(string sites) => $"нет связи: {sites}";

    public override string On(string where) => $"на {where}";

    public override string At(string site) => $"на площадке {site}";

    public override string ByAt(string by, string site) => $"({by}, площадка {site})";

    public override string Of(string part, string whole) => $"{part} из {whole}";

    public override string Advertised(int count, int wanted) => $"{Form(count, "доступен", "доступны", "доступно")} {Number(count)} из {Number(wanted)}";

    public override string Ready(string state, int ready, int count) => $"{state} (готово {ready} из {count})";

    public override string SitesInOrder(int count) => $"{Some(count, "площадка", "площадки", "площадок")} в порядке";

    public override string Heard(string ago) => $"на связи {ago}";

    public override string Behind(string what) => $"отстаёт: {what}";

    public override string Free(string size) => $"свободно {size}";

    public override string LinkUp(string span) => $"соединение {span}";

    public override string Left(string span) => $"осталось {span}";

    public override string From(string peers) => $"источник: {peers}";

    public override string To(string peer) => $"получатель: {peer}";

    public override string PageOf(int number, int pages) => $"страница {Number(number)} из {Number(pages)}";

    public override string More(int count) => $"ещё {Number(count)}";

    public override string NotShown(int count) => $"Ещё {Number(count)} здесь не {Form(count, "показан", "показаны", "показано")}; полный список:";

    public override string Ago(string span) => $"{span} назад";

    public override string State(CellState state) => state switch
    {
        CellState.Advertised => "доступен",
        CellState.Staged => "подготовлен",
        CellState.Fetching => "загружается",
        CellState.Verifying => "проверяется",
        CellState.Withdrawn => "снят",
        CellState.Quarantined => "в карантине",
        _ => "отсутствует",
    };

    public override string Transfer(string state) => state switch
    {
        "waiting" => "ожидает",
        "checking" => "сверяется",
        "fetching" => "загружается",
        "finishing" => "завершается",
        "verifying" => "проверяется",
        _ => state,
    };

    public override string Step(string step) => step switch
    {
        "waiting" => "ожидает",
        "copying" => "копируется",
        "reading back" => "перечитывается",
        "signing" => "подписывается",
        _ => step,
    };

    public override string Refusal(AccessDecision.Refused refused) => refused.Code switch
    {
        AccessCode.Unauthorized => "Такой токен здесь неизвестен. Проверьте, что это токен этой площадки и что он введён целиком.",
        AccessCode.Forbidden => "Эта страница так не открывается: нужен токен с ролью operator или admin. Ответ сервера: " + refused.Message,
        AccessCode.AddressNotAllowed => "Для этого токена адрес вашего компьютера не разрешён (allow в site.yaml).",
        AccessCode.TooManyAttempts => "Слишком много разных неверных токенов с этого адреса. Подождите и попробуйте снова.",
        _ => refused.Message,
    };

    protected override string? Plight(string? code) => code switch
    {
        _ when Waiting.Is(code) => "в пути",
        ReasonCode.Blocked => "отозван",
        ReasonCode.Hidden => "скрыт",
        ReasonCode.Removed => "удалён",
        _ => null,
    };

    private string Some(int count, string one, string few, string many) => $"{Number(count)} {Form(count, one, few, many)}";

    /// <summary>1 образ, 21 образ; 2 образа, 34 образа; 5 образов, 11 образов, 112 образов.</summary>
    private static string Form(int count, string one, string few, string many) => (count % 10, count % 100) switch
    {
        (1, not 11) => one,
        ( >= 2 and <= 4, not (>= 12 and <= 14)) => few,
        _ => many,
    };
}
