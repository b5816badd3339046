final class Core {}
